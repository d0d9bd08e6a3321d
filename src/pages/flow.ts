import createDebug from 'debug'
import { Router, urlencoded, type RequestHandler } from 'express'
import { setBaseUrl } from '../http/base-url.js'
import { handled } from '../http/answer.js'
import { refuseCrossSite } from '../http/origin.js'
import { hideFromAddress, mountPath } from '../http/address.js'
import { queryValues, withQuery } from '../http/query.js'
import type {
  Answer,
  Confirmation,
  Flow,
  FlowPath,
  FlowRequest,
  FormRequest,
  Message,
} from './flow-declaration.js'
import { checkForm, fillForm, placeErrors, readForm, type FormValues } from './form.js'
import { warn } from '../warning.js'
import type { SentText } from './messages.js'
import type { Page } from './page.js'

const debug = createDebug('passport-ephemeral:flow')

const parseBody = urlencoded({ extended: false, limit: '32kb' })

/** The query parameter of the link in the message. */
const LINK_TOKEN = 'token'

/** The routes of "ask for an address, send a message": the form, and the page after it. */
export function flowRouter<Who, Value, P extends Page>(flow: Flow<Who, Value, P>): Router {
  const { sent } = flow.messages
  const router = Router()
  router.use((req, _res, next) => {
    flow.look(req)
    next()
  })
  router.get(
    '/',
    onRequest(flow, (request) => openForm(flow, request)),
  )
  router.post(
    '/',
    parseBody,
    onRequest(flow, (request) => takeForm(flow, request)),
  )
  if (sent !== undefined)
    router.get(
      '/sent',
      onRequest(flow, (request) => showSent(flow, sent, request)),
    )
  return router
}

/** Adds the routes of "confirm by the link in the message". */
export function addConfirmation<Who, Value, Found extends object, P extends Page>(
  router: Router,
  flow: Flow<Who, Value, P>,
  { find, showButton, confirm }: Confirmation<Found, P>,
): void {
  async function onLink(request: FlowRequest, then: typeof confirm): Promise<void> {
    const { req, res } = request
    hideFromAddress(req, LINK_TOKEN)
    // Also for pages that the application renders: the address is a credential.
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'same-origin' })
    const [token, ...more] = queryValues(req.originalUrl, LINK_TOKEN)
    const found = await find(more.length > 0 ? undefined : token, request)
    await give(flow, request, 'page' in found ? found : await then(found, request))
  }
  router.get(
    '/verify',
    onRequest(flow, (request) => onLink(request, showButton)),
  )
  router.post(
    '/verify',
    onRequest(flow, async (request) => {
      requireSameSite(flow, request)
      await onLink(request, confirm)
    }),
  )
}

/** A handler that gets what the steps of a request share. */
export function onRequest(
  { baseUrl, carried }: Pick<Flow<never, never, never>, 'baseUrl' | 'carried'>,
  answer: (request: FlowRequest) => Promise<void>,
): RequestHandler {
  return handled(async (req, res, next) => {
    if (baseUrl !== undefined) setBaseUrl(req, baseUrl)
    const [name, value] = carried(req)
    const mount = mountPath(req)
    const pageUrl = (page: FlowPath): string => {
      const url = page === '/' && mount !== '' ? mount : mount + page
      return value === undefined ? url : withQuery(url, name, value)
    }
    await answer({ req, res, next, carried: value, pageUrl })
  })
}

async function openForm<Who, Value, P extends Page>(
  flow: Flow<Who, Value, P>,
  request: FlowRequest,
): Promise<void> {
  const who = await flow.access(request)
  if (who === undefined) return
  const values = flow.prefill?.(who) ?? {}
  await give(flow, { ...request, values }, { status: 200, errors: {} })
}

/** The client is counted before its form is looked at: an invalid form costs work, too. */
async function takeForm<Who, Value, P extends Page>(
  flow: Flow<Who, Value, P>,
  request: FlowRequest,
): Promise<void> {
  requireSameSite(flow, request)
  flow.lookAtForm(request.req)
  const who = await flow.access(request)
  if (who === undefined) return
  const form = { ...request, who, values: readForm(request.req, flow.fields) }
  await give(flow, form, await answerTo(flow, form))
}

async function answerTo<Who, Value, P extends Page>(
  flow: Flow<Who, Value, P>,
  form: FormRequest<Who>,
): Promise<Answer<P>> {
  const { schema, limits, messages } = flow
  if (await limits.isClientOver(form.req)) return { status: 429, errors: { '': messages.tooManyForms } }
  const { value, errors } = await checkForm(schema, form.values)
  if (errors !== undefined) return { status: 422, errors }
  try {
    const asked = await flow.submit(form, value)
    return 'store' in asked ? await deliver(flow, form, asked) : asked
  } catch (error) {
    const answer = await flow.explain(error, form)
    if (answer === undefined) throw error
    return answer
  }
}

/** Whatever fails, and wherever the process ends: nothing counts of which the address was not told. */
async function deliver<Who, Value, P extends Page>(
  { caller, limits, messages, notSentCode }: Flow<Who, Value, P>,
  { req, pageUrl }: FormRequest<Who>,
  { to, store }: Message<P>,
): Promise<Answer<P>> {
  if (await limits.isAddressOver(req, to)) return { status: 429, errors: { '': messages.tooManyMessages } }
  const stored = await store()
  if (!('send' in stored)) return stored
  try {
    await stored.send()
  } catch (cause) {
    await stored.takeBack().catch((error: unknown) => {
      debug('what was stored for a message stays, although the message was not sent: %o', error)
    })
    warnOfUnsent(caller, notSentCode, cause)
    await limits.takeBackAddress(to)
    return { status: 503, errors: { '': messages.notSent } }
  }
  await stored.open?.()
  return { redirectTo: pageUrl('/sent') }
}

/** The person is asked to try again; the operator hears of the cause by a warning. */
function warnOfUnsent(caller: string, code: string, cause: unknown): void {
  const reason =
    cause instanceof Error ? (cause.stack ?? cause.message) : 'with something that is not an Error'
  warn(code, `${caller}: The link was not sent: ${reason}`)
}

async function showSent<Who, Value, P extends Page>(
  { show }: Flow<Who, Value, P>,
  { title, text, again }: SentText,
  { req, res, pageUrl }: FlowRequest,
): Promise<void> {
  await show({ name: 'sent', status: 200, title, text, link: { href: pageUrl('/'), text: again } }, req, res)
}

async function give<Who, Value, P extends Page>(
  { show, fields, messages, csrf }: Flow<Who, Value, P>,
  { req, res, pageUrl, values }: FlowRequest & { readonly values?: FormValues },
  answer: Answer<P>,
): Promise<void> {
  if ('redirectTo' in answer) res.redirect(303, answer.redirectTo)
  else if ('page' in answer) await show(answer.page, req, res)
  else {
    const { status } = answer
    const errors = placeErrors(answer.errors, fields)
    const filled = fillForm(fields, values, errors)
    const page = { name: 'form', status, error: errors[''], fields: filled, action: pageUrl('/') } as const
    await show({ ...messages.form, ...page, csrf: csrf(req, res) }, req, res)
  }
}

/** The one place that decides whether a flow's form or button comes from this site. */
function requireSameSite(
  { trustedOrigins }: Pick<Flow<never, never, never>, 'trustedOrigins'>,
  { req }: FlowRequest,
): void {
  refuseCrossSite(req, { trustedOrigins })
}
