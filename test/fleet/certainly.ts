import { setTimeout as sleep } from 'node:timers/promises'
import { isUncertain, type Answer } from '../support/browser.js'

/** Repeats a request until its response is not uncertain, for about 12 seconds; then returns `undefined`. */
export async function certainly(ask: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const answer = await ask()
    if (answer === undefined || !isUncertain(answer)) return answer
    await sleep(300)
  }
  return undefined
}
