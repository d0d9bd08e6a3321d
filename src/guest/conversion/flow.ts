import { ValidationError, type Attributes, type Model } from 'sequelize'
import { NotGuestError } from '../../errors.js'
import { isLocalPath } from '../../http/address.js'
import { publicUrl, requireBaseUrl } from '../../http/base-url.js'
import { queryValues, withQuery } from '../../http/query.js'
import type {
  Answer,
  Flow,
  FlowRequest,
  FormRequest,
  Message,
  Refusal,
} from '../../pages/flow-declaration.js'
import { errorsOf } from '../../pages/form.js'
import { fieldMessages } from '../../pages/messages.js'
import { pageShower } from '../../pages/renderers.js'
import { judgeEmail } from '../../pages/typed-text.js'
import { guestSettings } from '../guest.js'
import { keyOf, type UserId } from '../user-key.js'
import { convertInSession, requireGuest } from './access.js'
import { convertGuest } from './convert.js'
import { detailsOf, fieldOf, validateDetails, wordingOf } from './details.js'
import { messages, refusedPage, verifyMessages, type ConvertPage, type WaysOn } from './pages.js'
import { deletePendingConversion, savePendingConversion } from './pending-conversions.js'
import type { ConvertValues } from './schema.js'
import { WHO, type ConversionSettings, type Verification } from './settings.js'
import { takenAttributes, ValuesTaken, withTakenValues } from './taken.js'

/** The flow in which a guest becomes a regular user: at once, or by a link in a message. */
export function conversionFlow<U extends Model>(
  settings: ConversionSettings<U>,
): Flow<U, ConvertValues, ConvertPage> {
  const { Guest, fields, render, verification, prefillUsername } = settings
  const { usernameField } = Guest[guestSettings]
  return {
    ...settings,
    messages: verification === undefined ? messages : verifyMessages,
    baseUrl: verification?.baseUrl,
    notSentCode: 'CONVERT_SEND_FAILED',
    show: pageShower(render, { formLeadsAnywhere: true }),
    carried: (req) => {
      const [next, ...more] = queryValues(req.originalUrl, 'next')
      return ['next', more.length === 0 && isLocalPath(next) ? next : undefined]
    },
    access(request) {
      if (verification !== undefined) requireBaseUrl(request.req, WHO) // before a form is shown whose link could not be made
      return requireGuest(settings, request)
    },
    prefill: (guest) => (prefillUsername ? { username: String(guest.get(usernameField)) } : {}),

    async submit(form, values) {
      // A schema of the application's own may not check it.
      if (values.username?.trim() === '') return refusal({ username: fieldMessages.required })
      if (verification === undefined) return await convertNow(settings, form, values)
      return askByMessage(settings, verification, form, values)
    },

    async explain(error, form) {
      if (error instanceof ValuesTaken) return refusal(takenErrors(settings, error))
      if (error instanceof NotGuestError) return { page: await noGuestPage(settings, keyOf(form.who), form) }
      if (!(error instanceof ValidationError)) return undefined
      return refusal(errorsOf(error, fields, wordingOf, (name) => fieldOf(settings, name)))
    },
  }
}

function refusal(errors: Refusal['errors']): Refusal {
  return { status: 422, errors }
}

async function convertNow<U extends Model>(
  settings: ConversionSettings<U>,
  { who: guest, req, carried, pageUrl }: FormRequest<U>,
  typed: ConvertValues,
): Promise<Answer<ConvertPage>> {
  const details = await detailsOf(settings, guest, typed)
  const values = details.values as Partial<Attributes<U>>
  await convertInSession(settings, req, () =>
    withTakenValues(settings, { userId: keyOf(guest), values }, (refuseTaken) =>
      convertGuest(settings.Guest, guest, values, { req }, { hash: details.hash, refuseTaken }),
    ),
  )
  return { redirectTo: carried ?? pageUrl('/success') }
}

/**
 * The message whose link creates the account.
 *
 * With `sendTaken`, an address that has an account is treated like any other, up to the choice of the message: the same
 * statements, the same hashing, and an earlier link of the guest becomes invalid either way.
 */
function askByMessage<U extends Model>(
  settings: ConversionSettings<U>,
  { send, sendTaken, expiresIn }: Verification<U>,
  { who: guest, req, pageUrl }: FormRequest<U>,
  typed: ConvertValues,
): Message<ConvertPage> | Refusal {
  const { Guest, emailField } = settings
  const verifyUrl = new URL(pageUrl('/verify'), requireBaseUrl(req, WHO)).href
  const judged = judgeEmail(emailOf(typed))
  if (judged.problem !== undefined) return refusal({ email: judged.problem })
  const email = judged.value
  const userId = keyOf(guest)

  async function store() {
    const { values, hash } = await detailsOf(settings, guest, { ...typed, email })
    await validateDetails(settings, guest, { values, hash })
    const taken = await takenAttributes(settings, { userId, values })
    const hasAccount = taken.includes(emailField)
    const told = taken.filter((name) => name !== emailField || sendTaken === undefined)
    if (told.length > 0) return refusal(takenErrors(settings, new ValuesTaken(told)))

    const token = await savePendingConversion(Guest, {
      userId,
      email,
      details: { ...values, ...hash },
      expiresIn,
    })
    const link = withQuery(verifyUrl, 'token', token)
    const { usernameField } = Guest[guestSettings]
    const username = String(values[usernameField] ?? guest.get(usernameField))
    return {
      send: () =>
        hasAccount ? sendTaken?.({ email, req }) : send({ email, username, user: guest, link, req }),
      takeBack: () => deletePendingConversion(Guest, userId, token),
    }
  }
  return { to: email, store }
}

/** The types of a schema are not checked when it runs. */
function emailOf({ email }: { readonly email?: unknown }): string {
  if (typeof email !== 'string') throw new TypeError(`${WHO}: the schema's result has no email`)
  return email
}

/** The errors beside the fields in which the taken values were typed. */
function takenErrors<U extends Model>(
  settings: ConversionSettings<U>,
  { attributes }: ValuesTaken,
): Refusal['errors'] {
  if (attributes.length === 0) return { '': messages.takenUnknown }
  const texts: Readonly<Record<string, string>> = messages.taken
  return Object.fromEntries(
    attributes.map((attribute) => {
      const field = fieldOf(settings, attribute)
      return [field, texts[field] ?? messages.takenOther]
    }),
  )
}

/** Why a user who was a guest at the beginning of the request no longer is one. */
export async function noGuestPage<U extends Model>(
  settings: ConversionSettings<U>,
  userId: UserId,
  request: FlowRequest,
): Promise<ConvertPage> {
  const { User } = settings.Guest[guestSettings]
  const user = await User.unscoped().findByPk(userId, { paranoid: false, useMaster: true, raw: false })
  return refusedPage(user === null ? 'deleted' : 'converted', waysOn(settings, request))
}

export function waysOn<U extends Model>(
  { loginUrl }: ConversionSettings<U>,
  { req, carried, pageUrl }: FlowRequest,
): WaysOn {
  const url = publicUrl(req, loginUrl)
  const login = carried === undefined ? url : withQuery(url, 'next', carried)
  return { login, form: pageUrl('/') }
}
