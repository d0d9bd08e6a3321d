import { setTimeout as sleep } from 'node:timers/promises'
import { isUncertain, type Answer } from './browser.js'

/** Tries again until it is certain, for as long as a person might; `undefined` if it never is. */
export async function certainly(ask: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const answer = await ask()
    if (answer === undefined || !isUncertain(answer)) return answer
    await sleep(300)
  }
  return undefined
}
