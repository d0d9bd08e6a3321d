import { UniqueConstraintError, ValidationError, type InferAttributes, type SaveOptions } from 'sequelize'
import { formBody, type FormField } from '../../pages/form-page.js'
import { errorsOf, fillForm, readForm, type FormErrors, type FormValues } from '../../pages/form.js'
import { html } from '../../pages/html.js'
import { showProblem, type Problem } from '../../pages/problem.js'
import { judgeEmail, judgePersonName, judgeUsername, LONGEST_ADDRESS } from '../../pages/typed-text.js'
import { readRecentScopes } from '../../stats/scope-stats.js'
import { LONGEST_SCOPE } from '../../visitor/scope.js'
import { doubleClickSince } from '../../visitor/double-click.js'
import { findPassByUuid } from '../../visitor/statements.js'
import type { Visitor, WriteOptions } from '../../visitor/visitor.js'
import type { AdminRequest } from '../admin-request.js'
import { formUuid } from '../csrf.js'
import { showAdminPage, showNotice } from '../layout.js'
import { secondsOf, usualDays } from './days.js'
import { asksToSend, giveLink, linkButtons, passUrl, requireLinkMaker, showLink } from './link.js'

const LONGEST_NAME = 150

const NAMES = ['email', 'firstName', 'lastName', 'scope', 'days', 'maxUses'] as const

function fieldsOf(
  { words, context: { words: common } }: AdminRequest,
  scopes: readonly string[],
): FormField[] {
  const { scopeHint, maxUses, maxUsesHint } = words.invite
  const text = { type: 'text', autocomplete: 'off' } as const
  const name = { ...text, maxLength: LONGEST_NAME, required: false }
  const number = { ...text, inputMode: 'numeric' } as const
  return [
    { ...text, name: 'email', label: common.fields.email, type: 'email', maxLength: LONGEST_ADDRESS },
    { ...name, name: 'firstName', label: common.fields.firstName },
    { ...name, name: 'lastName', label: common.fields.lastName },
    // Firefox offers nothing where `autocomplete` is off.
    {
      type: 'text',
      name: 'scope',
      label: words.scope,
      maxLength: LONGEST_SCOPE,
      hint: scopeHint,
      suggestions: scopes,
    },
    { ...number, name: 'days', label: words.days, maxLength: 4 },
    { ...number, name: 'maxUses', label: maxUses, maxLength: 6, required: false, hint: maxUsesHint },
  ]
}

/** The form by which a person is invited. */
export async function showInvite(request: AdminRequest, Passes: typeof Visitor): Promise<void> {
  await showForm(request, Passes, { days: String(usualDays(Passes)) }, {})
}

/** The form that was shown to a session which has ended, with what was typed. */
export async function showInviteAgain(request: AdminRequest, Passes: typeof Visitor): Promise<void> {
  const problem = { text: request.words.invite.outdated }
  await showForm(request, Passes, readForm(request.req, NAMES), { '': problem }, 403)
}

/** Issues a pass, and sends its link or shows it once. */
export async function invite(request: AdminRequest, Passes: typeof Visitor): Promise<void> {
  const values = readForm(request.req, NAMES)
  const { pass, errors } = await draft(request, Passes, values)
  if (pass === undefined) {
    await showForm(request, Passes, values, errors)
    return
  }
  const makeLink = await requireLinkMaker(request, pass)
  if (makeLink === undefined) return
  const options: SaveOptions<InferAttributes<Visitor>> & Omit<WriteOptions, 'transaction'> = request.origin // the event `issued` tells of it
  // A double click stores one pass: the unique index refuses the second one.
  pass.uuid = formUuid(
    request.req,
    NAMES.map((name) => values[name]),
  )
  try {
    await pass.save(options)
  } catch (error) {
    if (!(error instanceof UniqueConstraintError)) throw error
    const made = await findPassByUuid(Passes, pass.uuid)
    if (made === undefined) throw error
    await showInvited(request, made, makeLink(made))
    return
  }
  await giveLink(request, pass, makeLink(pass))
}

/** A browser takes the answer to the second of two clicks: where a link was to be copied, that one must show it, too. */
async function showInvited(request: AdminRequest, pass: Visitor, link: string): Promise<void> {
  const toPass = { href: passUrl(request, pass), text: request.words.passes.backToPass }
  if (!asksToSend(request) && pass.createdAt >= doubleClickSince(new Date()))
    await showLink(request, pass, link)
  else await showNotice(request, 409, 'invited', toPass)
}

async function showForm(
  request: AdminRequest,
  Passes: typeof Visitor,
  values: FormValues,
  errors: FormErrors,
  status = Object.keys(errors).length === 0 ? 200 : 422,
): Promise<void> {
  const { context, words } = request
  const { title, button, send } = words.invite
  const form = formBody(
    {
      name: 'invite',
      status,
      title,
      text: undefined,
      context,
      ...showProblem(errors[''], context.words),
      fields: fillForm(fieldsOf(request, await readRecentScopes(Passes)), values, errors, context.words),
      action: request.pageUrl('/passes/invite'),
      button,
      csrf: undefined,
    },
    { beforeButton: request.tokens(), buttons: linkButtons(request, send, button) },
  )
  await showAdminPage(request, { status, title, body: html`<div class="fields">${form}</div>` })
}

type Draft =
  { readonly pass: Visitor; readonly errors?: never } | { readonly errors: FormErrors; readonly pass?: never }

/** The pass that the form asks for, not stored yet; or what is wrong, beside each field. */
async function draft({ words }: AdminRequest, Passes: typeof Visitor, values: FormValues): Promise<Draft> {
  const [scope = '', maxUses = ''] = [values['scope']?.trim(), values['maxUses']?.trim()]
  const email = judgeEmail(values['email'] ?? '')
  const [firstName, lastName] = [values['firstName'], values['lastName']].map((name = '') =>
    name.trim() === '' ? { value: '' } : judgePersonName(name, LONGEST_NAME),
  )
  const seconds = secondsOf(values['days'])
  const problems: Record<string, Problem | undefined> = {
    email: email.problem,
    firstName: firstName?.problem,
    lastName: lastName?.problem,
    scope: judgeUsername(scope, LONGEST_SCOPE).problem,
    days: seconds === undefined ? { text: words.badDays } : undefined,
    maxUses: /^([1-9]\d{0,5})?$/.test(maxUses) ? undefined : { text: words.invite.badMaxUses },
  }
  const found = Object.entries(problems).filter((entry): entry is [string, Problem] => entry[1] !== undefined)
  if (found.length > 0 || email.value === undefined || seconds === undefined)
    return { errors: Object.fromEntries(found) }
  const pass = Passes.build({
    email: email.value,
    firstName: firstName?.value ?? '',
    lastName: lastName?.value ?? '',
    scope,
    context: null,
    maxUses: maxUses === '' ? null : Number(maxUses),
    expiresAt: new Date(Date.now() + seconds * 1000),
  })
  try {
    await pass.validate({ hooks: false, skip: ['createdAt', 'updatedAt'] })
    return { pass }
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    return { errors: errorsOf(error, NAMES, () => ({ code: 'unacceptable' })) }
  }
}
