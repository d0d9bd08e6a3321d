import { bodyOf, isUncertain } from './browser.js'
import type { Ledger, Life } from './ledger.js'

const AT_ONCE = 10

/** Whoever has kept the cookie of a guest is that guest, as long as there is one, and otherwise nobody; never the account. */
export async function checkOldCookies(ledger: Ledger): Promise<void> {
  const lives = [...ledger.lives]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let life = lives.pop(); life !== undefined; life = lives.pop()) await check(ledger, life)
    }),
  )
}

async function check(ledger: Ledger, { asGuest, name, keptUntil, end }: Life): Promise<void> {
  if (asGuest === undefined) return
  const asked = Date.now()
  const answer = await asGuest.get('/api/me')
  ledger.expect(!isUncertain(answer), `nobody answered whose the old cookie of ${String(name)} is`)
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
