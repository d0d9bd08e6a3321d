import type { Example } from '../examples.js'

/** The tests of the example are those that a user writes. */
export const testing: Example = {
  name: 'testing',
  async checks({ check, runScript }) {
    await check('its tests pass in Jest', () => runScript('jest'))
    await check('its tests pass in Vitest', () => runScript('vitest'))
  },
}
