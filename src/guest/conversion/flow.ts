import { ValidationError, type Attributes, type Model } from 'sequelize'
import { announce } from '../../events/events.js'
import { NotGuestError } from '../../errors.js'
import { InvalidOption } from '../../invalid-option.js'
import { canBeWayBack, isLocalPath } from '../../http/address.js'
import { publicUrl, requireBaseUrl } from '../../http/base-url.js'
import { queryValues, withQuery } from '../../http/query.js'
import { durationIn } from '../../pages/context.js'
import type {
  Answer,
  Flow,
  FlowRequest,
  FlowTexts,
  FormRequest,
  Message,
  Refusal,
} from '../../pages/flow-declaration.js'
import { errorsOf } from '../../pages/form.js'
import { isolate } from '../../pages/html.js'
import { mailOf } from '../../pages/mail.js'
import { CODE_LIFETIME, makeCode } from '../../pages/one-time-code.js'
import { pageShower } from '../../pages/renderers.js'
import { judgeEmail } from '../../pages/typed-text.js'
import { guestSettings } from '../guest.js'
import { keyOf } from '../user-key.js'
import { convertInSession, currentGuest, hasLeftMeanwhile, requireGuest } from './access.js'
import { problemOfPassword } from './check-password.js'
import { conversionCode, keepCodeSecret } from './code.js'
import { convertGuest } from './convert.js'
import { detailsOf, formFieldOf, problemOf, validateDetails } from './details.js'
import type { ConvertPage } from './pages.js'
import { deletePendingConversion, pendingAddress, savePendingConversion } from './pending-conversions.js'
import type { ConvertValues } from './schema.js'
import { WHO, type ConversionSettings, type Verification } from './settings.js'
import { takenAttributes, ValuesTaken, refusingTakenValues } from './taken.js'
import { noGuestPage, waysOn } from './ways-on.js'

/** The flow in which a guest becomes a regular user: at once, or by a link in a message. */
export function conversionFlow<U extends Model>(
  settings: ConversionSettings<U>,
): Flow<U, ConvertValues, ConvertPage> {
  const { Guest, fieldNames, render, verification, prefillUsername } = settings
  const { usernameField } = Guest[guestSettings]
  return {
    ...settings,
    texts: (request) => textsOf(settings, request),
    async keptAddress(req) {
      const guest = verification && currentGuest(Guest, req)
      return guest ? await pendingAddress(Guest, keyOf(guest)) : undefined
    },
    code: verification?.code === true ? conversionCode(settings) : undefined,
    noteUnverified({ req, who }) {
      announce(Guest.events, 'refused', { reason: 'not-verified', userId: keyOf(who), req })
    },
    baseUrl: verification?.baseUrl,
    notSentCode: 'CONVERT_SEND_FAILED',
    show: pageShower(render, { formLeadsAnywhere: true }),
    carried: (req) => {
      const [next, ...more] = queryValues(req.originalUrl, 'next')
      return ['next', more.length === 0 && isLocalPath(next) && canBeWayBack(next) ? next : undefined]
    },
    access(request) {
      if (verification !== undefined) requireBaseUrl(request.req, WHO) // before a form is shown whose link could not be made
      return requireGuest(settings, request)
    },
    prefill: (guest) => (prefillUsername ? { username: String(guest.get(usernameField)) } : {}),

    async submit(form, values) {
      // A schema of the application's own may not check it.
      if (values.username?.trim() === '') return refusal({ username: { code: 'required' } })
      const problem = await problemOfPassword(settings.checkPassword, form, values)
      if (problem !== undefined) return refusal({ password: problem })
      if (verification === undefined) return await convertNow(settings, form, values)
      return askByMessage(settings, verification, form, values)
    },

    async explain(error, form) {
      if (error instanceof ValuesTaken) return refusal(takenErrors(settings, error))
      if (error instanceof NotGuestError) return { page: await noGuestPage(settings, keyOf(form.who), form) }
      if (!(error instanceof ValidationError)) return undefined
      return refusal(errorsOf(error, fieldNames, problemOf, (name) => formFieldOf(settings, name)))
    },
  }
}

function textsOf<U extends Model>(settings: ConversionSettings<U>, request: FlowRequest): FlowTexts {
  const { verification } = settings
  const { lang, words } = request.context
  const { title, sent, haveAccount, ...form } = words.conversion
  const link = { href: waysOn(settings, request).login, text: haveAccount }
  if (verification === undefined) return { form: { title, text: form.text, button: form.button, link } }
  const duration = durationIn(lang, verification.expiresIn)
  return {
    form: { title, text: form.textWithLink, button: form.buttonWithLink, link },
    sent: {
      ...sent,
      text: (address) => sent.text(address && isolate(address), duration),
      codeText: (address) =>
        words.code.text(address && isolate(address), durationIn(lang, CODE_LIFETIME), duration),
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
  if (await hasLeftMeanwhile(req)) return { redirectTo: publicUrl(req, settings.registeredUrl) }
  await convertInSession(settings, req, () =>
    refusingTakenValues(settings, { userId: keyOf(guest), values }, (refuseTaken) =>
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
  { send, sendTaken, expiresIn, code: hasCode }: Verification<U>,
  { who: guest, req, context, pageUrl }: FormRequest<U>,
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

    const made = hasCode === true ? makeCode() : undefined
    const token = await savePendingConversion(Guest, {
      userId,
      email,
      details: { ...values, ...hash },
      expiresIn,
      codeHash: made?.hash,
    })
    const link = withQuery(verifyUrl, 'token', token)
    const expiresAt = new Date(Date.now() + expiresIn * 1000)
    const code = made?.code
    const message = mailOf(context, { kind: 'conversion', link, expiresAt, code })
    const { usernameField } = Guest[guestSettings]
    const username = String(values[usernameField] ?? guest.get(usernameField))
    return {
      send: () =>
        hasAccount
          ? sendTaken?.({ email, req })
          : send({ email, username, user: guest, link, code, expiresAt, message, req }),
      takeBack: () => deletePendingConversion(Guest, userId, token),
      open() {
        if (made !== undefined) keepCodeSecret(req, made.secret)
        return Promise.resolve()
      },
    }
  }
  return { to: email, store }
}

/** The types of a schema are not checked when it runs. */
function emailOf({ email }: { readonly email?: unknown }): string {
  if (typeof email !== 'string') throw new InvalidOption(`${WHO}: the schema's result has no email`)
  return email
}

/** The errors beside the fields in which the taken values were typed. */
function takenErrors<U extends Model>(
  settings: ConversionSettings<U>,
  { attributes }: ValuesTaken,
): Refusal['errors'] {
  if (attributes.length === 0) return { '': { code: 'somethingTaken' } }
  return Object.fromEntries(
    attributes.map((attribute) => {
      const field = formFieldOf(settings, attribute)
      const code = field === 'username' ? 'usernameTaken' : field === 'email' ? 'emailTaken' : 'taken'
      return [field, { code }]
    }),
  )
}
