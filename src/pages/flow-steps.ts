import type { RequestHandler } from 'express'
import { handled } from '../http/answer.js'
import { mountPath } from '../http/address.js'
import { setBaseUrl } from '../http/base-url.js'
import { watchAnswer } from '../http/late-answer.js'
import { refuseCrossSite } from '../http/origin.js'
import { withQuery } from '../http/query.js'
import { pageContext } from './context.js'
import type { Answer, Flow, FlowPath, FlowRequest } from './flow-declaration.js'
import { fillForm, placeErrors, type FormValues } from './form.js'
import type { Page } from './page.js'
import { showProblem } from './problem.js'

/** A handler that gets what the steps of a request share. */
export function onRequest(
  {
    baseUrl,
    carried,
    pages,
    trustedOrigins,
  }: Pick<Flow<never, never, never>, 'baseUrl' | 'carried' | 'pages' | 'trustedOrigins'>,
  answer: (request: FlowRequest) => Promise<void>,
): RequestHandler {
  return handled(async (req, res, next) => {
    if (baseUrl !== undefined) setBaseUrl(req, baseUrl)
    watchAnswer(req, { trustedOrigins })
    const [name, value] = carried(req)
    const mount = mountPath(req)
    const pageUrl = (page: FlowPath): string => {
      const url = page === '/' && mount !== '' ? mount : mount + page
      return value === undefined ? url : withQuery(url, name, value)
    }
    await answer({ req, res, next, carried: value, context: pageContext(req, pages), pageUrl })
  })
}

/** What the form begins with: what the flow knows of who asks, and the address that was typed last. */
export async function firstValues<Who>(
  { keptAddress, prefill }: Pick<Flow<Who, never, never>, 'keptAddress' | 'prefill'>,
  { req, who }: FlowRequest & { readonly who: Who },
): Promise<FormValues> {
  const email = await keptAddress(req)
  return { ...prefill?.(who), ...(email !== undefined && { email }) }
}

/** Answers a request of the flow: with its form, with a page, or by a redirect. */
export async function give<Who, Value, P extends Page>(
  { show, fields, fieldNames, texts, csrf }: Flow<Who, Value, P>,
  request: FlowRequest & { readonly who?: Who; readonly values?: FormValues },
  answer: Answer<P>,
): Promise<void> {
  const { req, res, context, pageUrl, values = {} } = request
  if ('redirectTo' in answer) res.set('Cache-Control', 'no-store').redirect(303, answer.redirectTo)
  else if ('page' in answer) await show(answer.page, req, res)
  else {
    const { status } = answer
    const errors = placeErrors(answer.errors, fieldNames)
    const page = {
      name: 'form',
      status,
      context,
      ...texts(request).form,
      ...showProblem(errors[''], context.words),
      fields: fillForm(fields(context), values, errors, context.words),
      action: pageUrl('/'),
      csrf: csrf(req, res),
    } as const
    await show(page, req, res)
  }
}

/** The one place that decides whether a flow's form or button comes from this site. Other requests are judged by `isForeign`. */
export function requireSameSite(
  { trustedOrigins }: Pick<Flow<never, never, never>, 'trustedOrigins'>,
  { req }: FlowRequest,
): void {
  refuseCrossSite(req, { trustedOrigins })
}
