import { bodyOf, type Answer, type Browser } from '../support/browser.js'
import { certainly } from './certainly.js'
import type { Invitation, Ledger } from './ledger.js'

/** Opens a link, presses its button if it has one, and returns whether the list was shown. */
export async function follow(ledger: Ledger, invitation: Invitation, browser: Browser): Promise<boolean> {
  const { url, maxUses, owner, id } = invitation
  const press = (): Promise<Answer> => {
    invitation.tries += 1
    return maxUses === null ? browser.get(url, 'text/html') : browser.postForm(url, {})
  }
  if (maxUses !== null) {
    const page = await certainly(() => browser.get(url, 'text/html'))
    if (page === undefined) return false
    if (page.status === 403) return false // another browser was faster
    ledger.expect(page.text.includes('Continue'), `the link ${id} showed no button: ${page.status}`)
  }
  const pressed = await certainly(press)
  const shown = pressed && (await certainly(() => browser.get(pressed.location ?? '/shared')))
  if (shown === undefined) {
    invitation.unheard += 1
    return false
  }
  if (shown.status === 200) {
    const { owner: name, pass } = bodyOf(shown)
    ledger.expect(name === owner && pass === id, `the link ${id} of ${owner} opened ${shown.text}`)
    invitation.admitted += 1
    return true
  }
  ledger.expect(
    maxUses !== null && shown.status === 403,
    `the link ${id} was refused: ${pressed?.status} ${shown.status} ${shown.text}`,
  )
  return false
}
