import { Router, urlencoded } from 'express'
import type { Attributes, Model } from 'sequelize'
import {
  aBoolean,
  aFunction,
  aList,
  aLocalUrl,
  aString,
  checkOptions,
  positiveSeconds,
  strings,
  type Rule,
} from '../../options.js'
import { aBaseUrl } from '../../http/base-url.js'
import { conventionalCsrfField, type CsrfFieldOf } from '../../pages/csrf-field.js'
import { aSchema } from '../../pages/form.js'
import { aFormLimiter, FormLimits, type FormLimiter } from '../../pages/form-limits.js'
import { handled } from '../../http/handled.js'
import { aLimiterFailure, type LimiterFailure } from '../../http/limiter.js'
import type { FormField } from '../../pages/form-page.js'
import { checkBody, checkPassportSession, limiterCheck } from '../../checks/runtime/order-checks.js'
import { requestChecks, validationsRule, type Validations } from '../../checks/runtime/request-checks.js'
import { aRenderer } from '../../pages/renderers.js'
import { guestModel, guestSettings, type GuestModel } from '../guest.js'
import { ConversionController } from './controller.js'
import { CONVERT_PAGES, type RenderConvert } from './pages.js'
import { defaultFields, defaultSchema, type ConvertSchema, type DefaultForm } from './schema.js'
import { WHO, type ConversionSettings, type Verification } from './settings.js'
import { VerificationController } from './verification-controller.js'
import type { VerifyEmailOptions } from './verify-email.js'

/** Options of {@link convertRouter}. */
export interface ConvertRouterOptions<U extends Model> {
  /** The model, from `defineGuestModel`. */
  Guest: GuestModel<U>
  /**
   * Makes of a password what is stored, by argon2id or the like. Needed unless `schema` is your own, and has no
   * `password` in its result. A password has up to 128 characters: bcrypt looks at 72 bytes.
   */
  hashPassword?: (password: string) => string | Promise<string>
  /** The attribute of `User` for the hash. @default 'passwordHash' if `User` has it, else 'password' */
  passwordField?: Extract<keyof Attributes<U>, string>
  /**
   * Has people prove that an e-mail address is theirs: they stay guests until they follow the link in a message.
   * @default the account exists at once, and no address is proven
   */
  verifyEmail?: VerifyEmailOptions<U>
  /** The form's fields; give `schema` with them. @default username, e-mail address if it is needed, password twice */
  fields?: readonly FormField[]
  /**
   * Checks and shapes the form. Of its result, `password` is hashed, `username` goes to the model's `usernameField`, and
   * what else `User` has as an attribute is saved. What it has not (the password again, a box that was ticked) is left out.
   * @default all fields are needed; a password of 8 to 128 characters
   */
  schema?: ConvertSchema
  /** Whether the form begins with the guest's own username. @default false */
  prefillUsername?: boolean
  /** Where an anonymous person is sent, with `?next=` to come back. @default '/login' */
  loginUrl?: string
  /** Where a regular user is sent, and the last page leads. @default '/' */
  registeredUrl?: string
  /**
   * Asked before a form is looked at, with `ip:<address>`, and before a message is sent, with `email:<digest of the
   * address>`; or one for each. Over the limit, the answer is 429.
   * @default no limit
   */
  limiter?: FormLimiter
  /** Whether forms are taken while the limiter fails; if not, the answer is 503. @default 'open' */
  limiterFailure?: LimiterFailure
  /** Session keys that survive the conversion, which renews the session. A visitor's pass always does. @default [] */
  keepSessionData?: readonly string[]
  /** Shows the pages in the application's own way; all of them, or some by their names. @default plain HTML */
  render?: RenderConvert
  /** The application's own CSRF token. @default `req.csrfToken()`, or what `res.locals` has of it */
  csrf?: CsrfFieldOf
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

/**
 * The pages on which a guest becomes a regular user, for `app.use('/convert', …)`; `ensureRegularUser` sends them there.
 * The users row and its id stay, and so does everything that hangs on them.
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function convertRouter<U extends Model>(options: ConvertRouterOptions<U>): Router {
  const settings = settingsOf(options)
  const controller = new ConversionController(settings)
  const router = Router()
  const checks = [checkPassportSession, limiterCheck(options.limiter)]
  const look = requestChecks(WHO, checks, options.validations)
  const lookAtForm = requestChecks(WHO, [checkBody], options.validations)
  router.use((req, _res, next) => {
    look(req)
    next()
  })
  router.get(
    '/',
    handled((req, res, next) => controller.showForm(req, res, next)),
  )
  router.post(
    '/',
    urlencoded({ extended: false, limit: '32kb' }),
    handled((req, res, next) => {
      lookAtForm(req)
      return controller.takeForm(req, res, next)
    }),
  )
  router.get(
    '/success',
    handled((req, res, next) => controller.showSuccess(req, res, next)),
  )
  if (settings.verification !== undefined)
    addVerification(router, new VerificationController(settings, settings.verification))
  return router
}

function addVerification<U extends Model>(router: Router, controller: VerificationController<U>): void {
  router.get(
    '/sent',
    handled((req, res) => controller.showSent(req, res)),
  )
  router.get(
    '/verify',
    handled((req, res) => controller.showButton(req, res)),
  )
  router.post(
    '/verify',
    handled((req, res) => controller.takeButton(req, res)),
  )
}

function settingsOf<U extends Model>(options: ConvertRouterOptions<U>): ConversionSettings<U> {
  checkOptions(
    WHO,
    options,
    {
      Guest: guestModel,
      hashPassword: aFunction,
      passwordField: aString,
      verifyEmail: anObject,
      fields: aList,
      schema: aSchema,
      prefillUsername: aBoolean,
      loginUrl: aLocalUrl,
      registeredUrl: aLocalUrl,
      limiter: aFormLimiter,
      limiterFailure: aLimiterFailure,
      keepSessionData: strings,
      render: aRenderer(...CONVERT_PAGES),
      csrf: aFunction,
      validations: validationsRule,
    },
    options.schema === undefined ? ['Guest', 'hashPassword'] : ['Guest'],
  )
  const { Guest, hashPassword } = options
  const verification = options.verifyEmail && verificationOf(Guest, options.verifyEmail)
  const form = defaultForm(Guest, verification)
  checkFields(options, defaultFields(form))
  return {
    Guest,
    hashPassword,
    passwordField: hashPassword && passwordFieldOf(Guest, options.passwordField),
    fields: options.fields ?? defaultFields(form),
    schema: options.schema ?? defaultSchema(form),
    prefillUsername: options.prefillUsername ?? false,
    loginUrl: options.loginUrl ?? '/login',
    registeredUrl: options.registeredUrl ?? '/',
    formLimits: new FormLimits(options.limiter, options.limiterFailure),
    keepSessionData: options.keepSessionData ?? [],
    render: options.render,
    csrf: options.csrf ?? conventionalCsrfField,
    verification,
  }
}

/** Forms in which nobody could ever succeed are found out now. */
function checkFields<U extends Model>(
  { fields, schema, verifyEmail }: ConvertRouterOptions<U>,
  asked: readonly FormField[],
): void {
  if (fields === undefined) return
  const missing = asked.filter(({ name }) => !fields.some((field) => field.name === name))
  if (schema === undefined && missing.length > 0) {
    throw new TypeError(
      `${WHO}: option 'fields' leaves out ${missing.map(({ name }) => name).join(', ')}, which the default schema wants: ` +
        `give a 'schema' with it`,
    )
  }
  if (verifyEmail !== undefined && !fields.some(({ name, type }) => name === 'email' || type === 'email')) {
    throw new TypeError(
      `${WHO}: option 'fields' must have a field for the e-mail address, because of 'verifyEmail'`,
    )
  }
}

const anObject: Rule = { expected: 'an object', test: (value) => typeof value === 'object' && value !== null }

const DAY = 24 * 60 * 60

function verificationOf<U extends Model>(
  Guest: GuestModel<U>,
  options: VerifyEmailOptions<U>,
): Verification<U> {
  checkOptions(
    `${WHO}({ verifyEmail })`,
    options,
    {
      send: aFunction,
      sendTaken: aFunction,
      baseUrl: aBaseUrl,
      expiresIn: positiveSeconds,
      emailField: aString,
    },
    ['send', 'baseUrl'],
  )
  const { send, sendTaken, baseUrl, expiresIn = DAY, emailField = 'email' } = options
  demandAttribute(Guest, `${WHO}({ verifyEmail }): option 'emailField'`, emailField)
  return { send, sendTaken, baseUrl, expiresIn, emailField }
}

function passwordFieldOf<U extends Model>(Guest: GuestModel<U>, given: string | undefined): string {
  const attributes = Guest[guestSettings].User.getAttributes()
  const name = given ?? (Object.hasOwn(attributes, 'passwordHash') ? 'passwordHash' : 'password')
  demandAttribute(Guest, `${WHO}: option 'passwordField'`, name)
  return name
}

function demandAttribute<U extends Model>(Guest: GuestModel<U>, option: string, name: string): void {
  const { User } = Guest[guestSettings]
  if (Object.hasOwn(User.getAttributes(), name)) return
  throw new TypeError(`${option} must name an attribute of ${User.name}: it has no '${name}'`)
}

/** An address that `User` requires, or has for its username, is asked for even if nobody has to prove it. */
function defaultForm<U extends Model>(
  Guest: GuestModel<U>,
  verification: Verification<U> | undefined,
): DefaultForm {
  const { User, usernameField } = Guest[guestSettings]
  const attributes: Readonly<Record<string, { allowNull?: boolean }>> = User.getAttributes()
  const isRequired = attributes['email']?.allowNull === false || usernameField === 'email'
  return { User, usernameField, emailField: verification?.emailField ?? (isRequired ? 'email' : undefined) }
}
