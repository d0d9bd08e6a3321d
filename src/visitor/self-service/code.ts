import type { Request } from 'express'
import { announce } from '../../events/events.js'
import { mountPath } from '../../http/address.js'
import { prefixOf } from '../../http/base-url.js'
import { requireRenewableSession } from '../../http/session.js'
import {
  giveSignedCookie,
  readSignedCookies,
  type Seal,
  type SignedCookie,
} from '../../http/signed-cookie.js'
import type { CodeEntry } from '../../pages/flow-declaration.js'
import { CODE_LIFETIME, hashOfCode, tryCode } from '../../pages/one-time-code.js'
import { keptSessionData } from '../request-notes.js'
import { admitDoubleClick, findPass, redeemPassByCode, returnCode } from '../statements.js'
import { openVisit } from '../visit.js'
import { sessionNameOf } from '../visit-entry.js'
import type { Visitor } from '../visitor.js'
import type { SelfServicePage } from './pages.js'
import type { ReceivedPassRequest } from './pass-request.js'

const WHO = 'selfServiceRouter({ code: true })'

/** How many passes one code is tried on: that of this browser, and of cookies that a sister domain has set beside it. */
const MOST_PASSES = 3

/** What the browser keeps of a code that it has asked for. */
interface Asked {
  /** Of the pass. */
  readonly id: number
  readonly secret: string
}

/** The code of a pass that self-service has sent: it opens a visit in the browser that asked, as the link would. */
export class PassCodes implements CodeEntry<ReceivedPassRequest, SelfServicePage> {
  constructor(
    private readonly Model: typeof Visitor,
    private readonly seal: Seal,
  ) {}

  /** Keeps in the browser by what a code can be tried. Signed, so that no client tries codes on the pass of another. */
  keep(req: Request, { id, secret }: Asked): void {
    giveSignedCookie(req, this.cookie(req), `${String(id)}_${secret}`)
  }

  readonly isAskedFor = (req: Request): boolean => this.askedFor(req).length > 0

  readonly confirm: CodeEntry<ReceivedPassRequest, SelfServicePage>['confirm'] = async (
    code,
    { req, who },
  ) => {
    requireRenewableSession(req, WHO) // before an attempt is counted
    let attemptsLeft = 0
    for (const asked of this.askedFor(req)) {
      const attempt = await this.try(req, code, asked)
      if (attempt === 'redeemed') return { redirectTo: prefixOf(req) + who.next }
      attemptsLeft = Math.max(attemptsLeft, attempt.attemptsLeft)
    }
    return { attemptsLeft }
  }

  private async try(
    req: Request,
    code: string,
    { id, secret }: Asked,
  ): Promise<'redeemed' | { readonly attemptsLeft: number }> {
    const { Model } = this
    const attempt = await tryCode(Model, { id, isActive: true }, { code, secrets: [secret] })
    if ('isWrong' in attempt && attempt.isWrong) {
      const refusal = { by: 'form', reason: 'wrong-code', scope: [], visitorId: id, req } as const
      announce(Model.events, 'refused', refusal)
      return attempt
    }
    const by = hashOfCode(secret, code)
    const isRedeemed =
      ('row' in attempt && (await this.redeem(req, attempt.row, by))) || (await this.repeat(req, id, by))
    return isRedeemed ? 'redeemed' : { attemptsLeft: 0 }
  }

  private async redeem(req: Request, pass: Visitor, by: string): Promise<boolean> {
    const visitor = await redeemPassByCode(this.Model, pass, by)
    if (visitor === undefined) return false
    try {
      await this.open(req, visitor)
    } catch (error) {
      await returnCode(this.Model, pass)
      throw error
    }
    return true
  }

  /** Of two clicks, a browser takes the answer to the second: the same code of the same browser is admitted again for a moment. */
  private async repeat(req: Request, id: number, by: string): Promise<boolean> {
    const visitor = await findPass(this.Model, id)
    if (visitor === undefined || (await admitDoubleClick(this.Model, visitor, { by })) !== true) return false
    await this.open(req, visitor)
    return true
  }

  private async open(req: Request, visitor: Visitor): Promise<void> {
    const session = requireRenewableSession(req, WHO)
    await openVisit(req, session, visitor, { who: WHO, keep: keptSessionData(req) })
    announce(this.Model.events, 'redeemed', { visitor, req })
    req.visitor = visitor
  }

  /** The newest passes first, each once: a client may send one cookie a hundred times, and each attempt costs statements. */
  private askedFor(req: Request): Asked[] {
    const secrets = new Map<number, string>()
    for (const content of readSignedCookies(req, this.cookie(req))) {
      const [, id, secret] = /^(\d+)_(.+)$/.exec(content) ?? []
      if (secret !== undefined) secrets.set(Number(id), secret)
    }
    const asked = Array.from(secrets, ([id, secret]) => ({ id, secret }))
    return asked.sort((one, other) => other.id - one.id).slice(0, MOST_PASSES)
  }

  private cookie(req: Request): SignedCookie {
    const path = mountPath(req) || '/'
    return {
      name: 'visitor-code',
      seal: this.seal,
      lifetime: CODE_LIFETIME,
      path,
      context: [sessionNameOf(this.Model), path].join('\0'),
    }
  }
}
