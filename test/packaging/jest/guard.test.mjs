import { ensureGuest } from 'passport-ephemeral'

it('the package is imported', () => {
  expect(typeof ensureGuest).toBe('function')
})
