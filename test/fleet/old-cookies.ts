import { bodyOf, isUncertain } from '../support/browser.js'
import type { Ledger, Life } from './ledger.js'

const PARALLEL = 10

/**
 * A guest's cookie restores the guest as long as the guest exists. After that the request is anonymous, never the
 * account's.
 */
export async function checkOldCookies(ledger: Ledger): Promise<void> {
  const lives = [...ledger.lives]
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (let life = lives.pop(); life !== undefined; life = lives.pop()) await check(ledger, life)
    }),
  )
}

async function check(ledger: Ledger, { asGuest, name, keptUntil, end }: Life): Promise<void> {
  if (asGuest === undefined) return
  const asked = Date.now()
  const answer = await asGuest.get('/api/me')
  ledger.expect(!isUncertain(answer), `no response to the old cookie of ${String(name)}`)
  const { kind, name: seen } = bodyOf(answer)
  const isOver = end?.known === 'acknowledged' || asked > keptUntil
  if (isOver)
    ledger.expect(kind === 'anonymous', `the old cookie of guest ${String(name)} opens a ${String(kind)}`)
  else if (end === undefined && answer.at < keptUntil) {
    ledger.expect(
      kind === 'guest' && seen === name,
      `guest ${String(name)} has lost their session: ${answer.text}`,
    )
  } else ledger.expect(kind !== 'regular', `the old cookie of guest ${String(name)} opens an account`)
}
