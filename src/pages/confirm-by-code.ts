import { urlencoded, type Router } from 'express'
import type { CodeEntry, Flow, FlowRequest } from './flow-declaration.js'
import { firstValues, give, onRequest, requireSameSite } from './flow-steps.js'
import { fillForm, readForm, type FormErrors } from './form.js'
import { CODE_DIGITS, codeField, readCode } from './one-time-code.js'
import type { Page } from './page.js'
import { showProblem } from './problem.js'

const parseBody = urlencoded({ extended: false, limit: '4kb' })

/** Adds the routes of the code in the message: its form stands on the page after the message was sent. */
export function confirmByCode<Who, Value, P extends Page>(
  router: Router,
  flow: Flow<Who, Value, P>,
  entry: CodeEntry<Who, P>,
): void {
  router.get(
    '/sent',
    onRequest(flow, async (request) => {
      if (entry.isAskedFor(request.req)) await showCodeForm(flow, request, { status: 200 })
      else request.next()
    }),
  )
  router.get(
    '/code',
    onRequest(flow, ({ res, pageUrl }) => {
      res.redirect(303, pageUrl('/sent'))
      return Promise.resolve()
    }),
  )
  router.post(
    '/code',
    parseBody,
    onRequest(flow, (request) => takeCode(flow, entry, request)),
  )
}

/** As for the flow's form: the client is counted before the code is looked at. */
async function takeCode<Who, Value, P extends Page>(
  flow: Flow<Who, Value, P>,
  entry: CodeEntry<Who, P>,
  request: FlowRequest,
): Promise<void> {
  requireSameSite(flow, request)
  flow.lookAtForm(request.req)
  const who = await flow.access(request)
  if (who === undefined) return
  const values = readForm(request.req, [codeField.name])
  const again = (status: number, errors: FormErrors): Promise<void> =>
    showCodeForm(flow, request, { status, errors, typed: values[codeField.name] })
  if (await flow.limits.isClientOver(request.req)) {
    await again(429, { '': { code: 'tooManyForms' } })
    return
  }
  const code = readCode(values[codeField.name] ?? '')
  if (code === undefined) {
    await again(422, { code: { code: 'noCode', limit: CODE_DIGITS } })
    return
  }
  const answer = await entry.confirm(code, { ...request, who, values })
  if (!('attemptsLeft' in answer)) await give(flow, request, answer)
  else if (answer.attemptsLeft > 0)
    await again(422, { code: { code: 'wrongCode', limit: answer.attemptsLeft } })
  else {
    const form = { ...request, who, values: await firstValues(flow, { ...request, who }) }
    await give(flow, form, { status: 410, errors: { '': { code: 'codeVoid' } } })
  }
}

async function showCodeForm<Who, Value, P extends Page>(
  { show, texts, keptAddress, csrf }: Flow<Who, Value, P>,
  request: FlowRequest,
  { status, errors = {}, typed = '' }: { status: number; errors?: FormErrors; typed?: string | undefined },
): Promise<void> {
  const { req, res, next, context, pageUrl } = request
  const { sent } = texts(request)
  if (sent === undefined) {
    next()
    return
  }
  const { label, hint, button } = context.words.code
  const field = { ...codeField, label, hint: hint(CODE_DIGITS) }
  const page = {
    name: 'code',
    status,
    context,
    title: sent.title,
    text: sent.codeText(await keptAddress(req)),
    ...showProblem(errors[''], context.words),
    fields: fillForm([field], { [codeField.name]: typed }, errors, context.words),
    action: pageUrl('/code'),
    button,
    csrf: csrf(req, res),
    link: { href: pageUrl('/'), text: sent.again },
  } as const
  await show(page, req, res)
}
