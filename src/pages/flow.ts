import createDebug from 'debug'
import { Router, urlencoded } from 'express'
import { describeError } from '../http/redact-tokens.js'
import { confirmByCode } from './confirm-by-code.js'
import type { Answer, Flow, FlowRequest, FormRequest, Message } from './flow-declaration.js'
import { firstValues, give, onRequest, requireSameSite } from './flow-steps.js'
import { checkForm, readForm } from './form.js'
import { warnOfUnsent } from './mail.js'
import type { Page } from './page.js'
import { askVerify } from './verify.js'

const debug = createDebug('passport-ephemeral:flow')

const UNSENT_ADVICE =
  "Look into the option 'send' and the mail server. The person was asked to try again, and what was stored was taken back."

const parseBody = urlencoded({ extended: false, limit: '32kb' })

/** The routes of "ask for an address, send a message": the form, and the page after it. */
export function flowRouter<Who, Value, P extends Page>(flow: Flow<Who, Value, P>): Router {
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
  if (flow.code !== undefined) confirmByCode(router, flow, flow.code)
  router.get(
    '/sent',
    onRequest(flow, (request) => showSent(flow, request)),
  )
  return router
}

async function openForm<Who, Value, P extends Page>(
  flow: Flow<Who, Value, P>,
  request: FlowRequest,
): Promise<void> {
  const who = await flow.access(request)
  if (who === undefined) return
  const values = await firstValues(flow, { ...request, who })
  await give(flow, { ...request, who, values }, { status: 200, errors: {} })
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
  const form = { ...request, who, values: readForm(request.req, flow.fieldNames) }
  await give(flow, form, await answerTo(flow, form))
}

async function answerTo<Who, Value, P extends Page>(
  flow: Flow<Who, Value, P>,
  form: FormRequest<Who>,
): Promise<Answer<P>> {
  const { caller, schema, limits, verify } = flow
  if (await limits.isClientOver(form.req)) return { status: 429, errors: { '': { code: 'tooManyForms' } } }
  const unverified = await askVerify(caller, verify, form.req)
  if (unverified !== undefined) {
    flow.noteUnverified(form)
    return { status: unverified.status, errors: { '': { code: 'notVerified' } } }
  }
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
  { caller, limits, notSentCode, keepAddress }: Flow<Who, Value, P>,
  { req, pageUrl }: FormRequest<Who>,
  { to, store }: Message<P>,
): Promise<Answer<P>> {
  if (await limits.isAddressOver(req, to)) return { status: 429, errors: { '': { code: 'tooManyMessages' } } }
  const stored = await store()
  if (!('send' in stored)) return stored
  try {
    await stored.send()
  } catch (cause) {
    await stored.takeBack().catch((error: unknown) => {
      debug(
        'what was stored for a message stays, although the message was not sent: %s',
        describeError(error),
      )
    })
    warnOfUnsent(notSentCode, caller, cause, UNSENT_ADVICE)
    await limits.takeBackAddress(to)
    return { status: 503, errors: { '': { code: 'notSent' } } }
  }
  await stored.open?.()
  keepAddress?.(req, to)
  return { redirectTo: pageUrl('/sent') }
}

async function showSent<Who, Value, P extends Page>(
  { show, texts, keptAddress }: Flow<Who, Value, P>,
  request: FlowRequest,
): Promise<void> {
  const { req, res, next, context, pageUrl } = request
  const { sent } = texts(request)
  if (sent === undefined) {
    next()
    return
  }
  const { title, again } = sent
  const text = sent.text(await keptAddress(req))
  const link = { href: pageUrl('/'), text: again }
  await show({ name: 'sent', status: 200, title, context, text, link }, req, res)
}
