import type { Includeable, Model, WhereOptions } from 'sequelize'
import { parseKey } from '../../database/page-by-key.js'
import { GuestNotDeleted, NotGuestError } from '../../errors.js'
import { guestSettings, USER_ALIAS, type Guest, type GuestModel } from '../../guest/guest.js'
import type { UserId } from '../../guest/user-key.js'
import { everythingOf } from '../../guest/merge/belongings.js'
import { html } from '../../pages/html.js'
import type { AdminRequest } from '../admin-request.js'
import { changeForm, redirectDone, section, showAdminPage, showNotice } from '../layout.js'
import { countsTable, descriptionList } from '../table.js'

/** Has a guest read with the user. */
export function withUser(Guests: GuestModel): Includeable {
  const { User } = Guests[guestSettings]
  return { model: User.unscoped(), as: USER_ALIAS, required: true, paranoid: false }
}

/** The username of a guest that was read {@link withUser}. */
export function nameOf(Guests: GuestModel, guest: Guest): string {
  const username: unknown = userOf(guest).get(Guests[guestSettings].usernameField)
  return typeof username === 'string' && username !== '' ? username : String(guest.userId)
}

function userOf(guest: Guest): Model {
  return guest.get(USER_ALIAS) as Model
}

export function guestUrl({ pageUrl }: AdminRequest, { userId }: Guest): string {
  return pageUrl(`/guests/${encodeURIComponent(String(userId))}`)
}

/** One guest, how much belongs to them, and the form that deletes it all. */
export async function showGuest(request: AdminRequest, Guests: GuestModel): Promise<void> {
  const guest = await requireGuest(request, Guests)
  if (guest === undefined) return
  const { format } = request
  const say = request.words.guests
  await showAdminPage(request, {
    title: nameOf(Guests, guest),
    body: html`
      ${descriptionList([
        [say.id, String(guest.userId)],
        [say.age, format.age(guest.createdAt)],
        [say.made, format.time(guest.createdAt)],
        [say.lastSeen, format.time(guest.lastSeenAt)],
        [say.expires, format.time(guest.expiresAt)],
      ])}
      ${section(say.owns, await belongingsOf(Guests, guest), say.ownsNothing, (rows) =>
        countsTable(request, say.owns, say.kind, rows),
      )}
      ${
        request.access === 'full' &&
        html`<h2>${say.deleteTitle}</h2>
          <p>${say.deleteHint}</p>
          ${changeForm(
            request,
            `${guestUrl(request, guest)}/delete`,
            html`<p>
                <label class="tick"
                  ><input type="checkbox" name="confirmed" value="yes" required /> ${say.confirm}</label
                >
              </p>
              <button class="danger">${say.delete}</button>`,
          )}`
      }
    `,
  })
}

/**
 * Deletes a guest with everything that belongs to them; never a regular user. A browser takes the answer to the second of two
 * clicks, so that one is told, too, that the guest is gone.
 */
export async function deleteGuest(request: AdminRequest, Guests: GuestModel): Promise<void> {
  const userId = parseKey(Guests, 'userId', request.req.params['id'])
  if (userId === undefined) {
    await showNotice(request, 404, 'notFound')
    return
  }
  if (request.form()['confirmed'] !== 'yes') {
    await showNotice(request, 422, 'notConfirmed')
    return
  }
  const refusal = await refusalToDelete(request, Guests, userId)
  if (refusal !== undefined) await showNotice(request, 409, refusal)
  else redirectDone(request, '/guests')
}

/** Deletes the guest, and returns why they are still there; `undefined`: they are gone, perhaps by an earlier click. */
async function refusalToDelete(
  { origin }: AdminRequest,
  Guests: GuestModel,
  userId: UserId,
): Promise<'guestHeld' | 'noGuest' | undefined> {
  try {
    await Guests.delete(userId, origin)
    return undefined
  } catch (error) {
    if (error instanceof GuestNotDeleted) return 'guestHeld'
    if (!(error instanceof NotGuestError)) throw error
    const { User } = Guests[guestSettings]
    const where = { [User.primaryKeyAttribute]: userId }
    return (await User.unscoped().count({ where, paranoid: false })) > 0 ? 'noGuest' : undefined
  }
}

/** The guest that the address names; `undefined` if there is none, and the request was answered. */
async function requireGuest(request: AdminRequest, Guests: GuestModel): Promise<Guest | undefined> {
  const userId = parseKey(Guests, 'userId', request.req.params['id'])
  const guest =
    userId === undefined
      ? null
      : await Guests.unscoped().findOne({
          where: { userId },
          include: withUser(Guests),
          raw: false,
          useMaster: true,
        })
  if (guest !== null) return guest
  await showNotice(request, 404, 'notFound')
  return undefined
}

/** How many rows of each model refer to the user: what a deletion takes along. */
async function belongingsOf(Guests: GuestModel, guest: Guest): Promise<{ name: string; count: number }[]> {
  const user = userOf(guest)
  const owned: { name: string; count: number }[] = []
  for (const { model, foreignKey, userKey, scope } of everythingOf(Guests)) {
    const value: unknown = user.getDataValue(userKey as never)
    if (value === undefined || value === null) continue
    const where = { ...scope, [foreignKey]: value } as WhereOptions
    const count = await model.unscoped().count({ where, paranoid: false })
    if (count > 0) owned.push({ name: model.name, count })
  }
  return owned
}
