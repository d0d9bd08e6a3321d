import createDebug from 'debug'
import type { NextFunction, Request, Response } from 'express'
import { UniqueConstraintError, ValidationError, type Model } from 'sequelize'
import { NotGuestError, RegularUserRequired } from '../../errors.js'
import { checkForm, errorsOf, readForm, type FormErrors, type FormValues } from '../../pages/form.js'
import type { FormField } from '../../pages/form-page.js'
import { redirectOrError } from '../../http/answer.js'
import { refuseCrossSite } from '../../http/origin.js'
import { requireRenewableSession } from '../../http/session.js'
import { noteSessionEnd } from '../../http/stale-session.js'
import { guestSettings } from '../guest.js'
import { askToVerify } from './ask-to-verify.js'
import { detailsOf, fieldOf, takenFields, wordingOf, type Details } from './details.js'
import { convertedPage, formPage, successPage } from './pages.js'
import type { ConvertValues } from './schema.js'
import { ownOrigins, ownPage, wayBack, waysOn, WHO, type ConversionSettings } from './settings.js'
import { showConvertPage } from './show.js'
import { currentGuest, openSession, redirectNonGuest } from './access.js'

const debug = createDebug('passport-ephemeral:convert')

/** Why a form is shown again. */
export interface Refusal {
  readonly status: number
  readonly errors: FormErrors
}

/** Answers guests who want to become regular users. Keeps nothing between two requests. */
export class ConversionController<U extends Model> {
  constructor(private readonly settings: ConversionSettings<U>) {}

  async showForm(req: Request, res: Response, next: NextFunction): Promise<void> {
    const { Guest, prefillUsername } = this.settings
    const guest = currentGuest(Guest, req)
    if (!guest) {
      await redirectNonGuest(this.settings, guest === undefined, [req, res, next])
      return
    }
    const username: unknown = prefillUsername ? guest.get(Guest[guestSettings].usernameField) : ''
    await this.showFormAgain(req, res, { status: 200, errors: {} }, { username: String(username) })
  }

  async takeForm(req: Request, res: Response, next: NextFunction): Promise<void> {
    const { Guest, fields, schema, formLimits } = this.settings
    refuseCrossSite(req, { trustedOrigins: ownOrigins(this.settings, req) })
    const guest = currentGuest(Guest, req)
    if (!guest) {
      await redirectNonGuest(this.settings, guest === undefined, [req, res, next])
      return
    }
    const values = readForm(req, fields)
    if (await formLimits.isClientOver(req)) {
      await this.showFormAgain(req, res, TOO_MANY, values)
      return
    }
    const { value, errors } = await checkForm(schema, values, fields)
    if (errors !== undefined) await this.showFormAgain(req, res, { status: 422, errors }, values)
    else if (hasBlankUsername(value)) await this.showFormAgain(req, res, BLANK_USERNAME, values)
    else await this.serve(guest, value, values, [req, res])
  }

  async showSuccess(req: Request, res: Response, next: NextFunction): Promise<void> {
    const { Guest, loginUrl, registeredUrl } = this.settings
    const guest = currentGuest(Guest, req)
    if (guest === null) {
      await showConvertPage(this.settings, successPage(registeredUrl), [req, res])
      return
    }
    redirectOrError(req, res, next, {
      url: guest === undefined ? loginUrl : ownPage('', req),
      comeBack: false,
      error: new RegularUserRequired(guest === undefined ? 401 : 403),
    })
  }

  /** Converts the guest, or sends them the link by which they do it themselves; or says why not. */
  private async serve(
    guest: U,
    checked: ConvertValues,
    typed: FormValues,
    [req, res]: readonly [Request, Response],
  ): Promise<void> {
    const { verification } = this.settings
    try {
      const refusal =
        verification === undefined
          ? await this.convert(guest, checked, req)
          : await askToVerify(this.settings, verification, { guest, checked, req })
      if (refusal !== undefined) await this.showFormAgain(req, res, refusal, typed)
      else if (verification !== undefined) res.redirect(303, ownPage('/sent', req))
      else res.redirect(303, wayBack(req) ?? ownPage('/success', req))
    } catch (error) {
      if (error instanceof NotGuestError) {
        await showConvertPage(this.settings, convertedPage(waysOn(this.settings, req)), [req, res])
      } else if (error instanceof ValidationError && !(error instanceof UniqueConstraintError)) {
        const errors = errorsOf(error, this.settings.fields, wordingOf, (name) =>
          fieldOf(this.settings, name),
        )
        await this.showFormAgain(req, res, { status: 422, errors }, typed)
      } else throw error
    }
  }

  private async convert(guest: U, checked: ConvertValues, req: Request): Promise<Refusal | undefined> {
    const { Guest } = this.settings
    requireRenewableSession(req, WHO) // before anything is changed
    const details = await detailsOf(this.settings, checked)
    const note = await noteSessionEnd(req, 'converted')
    let user: U
    try {
      user = await Guest.convert(guest, details)
    } catch (error) {
      await note.withdraw()
      if (!(error instanceof UniqueConstraintError)) throw error
      return { status: 422, errors: await this.whoseFault(error, guest, details) }
    }
    debug('guest converted by the form')
    await openSession(this.settings, req, user)
    await note.confirm()
    return undefined
  }

  /** @throws {UniqueConstraintError} the error itself, if it is about nothing that was typed */
  private async whoseFault(error: UniqueConstraintError, guest: U, details: Details): Promise<FormErrors> {
    const errors = await takenFields(this.settings, guest, details)
    if (Object.keys(errors).length === 0) throw error
    return errors
  }

  private async showFormAgain(
    req: Request,
    res: Response,
    { status, errors }: Refusal,
    values: FormValues,
  ): Promise<void> {
    const { fields, csrf, verification } = this.settings
    const action = ownPage('', req)
    const sendsLink = verification !== undefined
    const page = formPage({
      status,
      fields,
      values,
      errors: placed(errors, fields),
      action,
      csrf: csrf(req, res),
      sendsLink,
    })
    await showConvertPage(this.settings, page, [req, res])
  }
}

const TOO_MANY: Refusal = {
  status: 429,
  errors: { '': 'That was tried too often from here. Please try again later.' },
}
const BLANK_USERNAME: Refusal = { status: 422, errors: { username: 'Please fill this in' } }

/** A schema of the application's own may not have looked. */
function hasBlankUsername({ username }: ConvertValues): boolean {
  return username?.trim() === ''
}

/** An error of what the form has no field for stands above it: a schema may make a username of something else. */
function placed(errors: FormErrors, fields: readonly FormField[]): FormErrors {
  const isField = (name: string): boolean => fields.some((field) => field.name === name)
  return Object.fromEntries(
    Object.entries(errors).map(([name, message]) => [isField(name) ? name : '', message]),
  )
}
