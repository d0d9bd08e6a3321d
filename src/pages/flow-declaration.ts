import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { NextFunction, Request, Response } from 'express'
import type { BaseUrl } from '../http/base-url.js'
import type { FormErrors, FormValues } from './form.js'
import type { PageContext } from './context.js'
import type { FlowSettings, FormFields } from './flow-options.js'
import type { FormPage } from './form-page.js'
import type { NoticePage } from './notice-page.js'
import type { Page } from './page.js'

/** A request to one of a flow's pages, with what its steps need of it: read once, and handed on. */
export interface FlowRequest {
  readonly req: Request
  readonly res: Response
  readonly next: NextFunction
  /** The value of the parameter that all pages of the flow carry along. */
  readonly carried: string | undefined
  readonly context: PageContext
  /** The address of one of the flow's pages, with that parameter. */
  readonly pageUrl: (page: FlowPath) => string
}

/** The pages of a flow, below the path at which its router is mounted. */
export type FlowPath = '/' | '/code' | '/sent' | '/success' | '/verify'

/** A form that was opened or posted, by a client who may. */
export interface FormRequest<Who> extends FlowRequest {
  /** Who asks, as the flow's `access` has found out. */
  readonly who: Who
  /** What was typed, by the names of the fields; empty when the form is opened. */
  readonly values: FormValues
}

/** Why a form is shown again. */
export interface Refusal {
  readonly status: number
  /** By the names of the fields; what no field is named for stands above the form. */
  readonly errors: FormErrors
}

/** What a posted form, or a pressed button, leads to without a message. */
export type Answer<P extends Page> = Refusal | { readonly page: P } | { readonly redirectTo: string }

/** A message that a valid form asks for. Nothing is stored yet. */
export interface Message<P extends Page> {
  /** The address, for the limiter. */
  readonly to: string
  /** Runs once the limiter has let the message through: stores what it is about, or answers why it is not sent. */
  readonly store: () => Promise<StoredMessage | Answer<P>>
}

/** What is stored and waits for its message to go out. */
export interface StoredMessage {
  readonly send: () => unknown
  /** Deletes it again: the message was not sent. */
  readonly takeBack: () => Promise<unknown>
  /** Makes it count, now that the message is out. @default it does already */
  readonly open?: () => Promise<unknown>
}

/** The page with the flow's form. */
interface FlowFormPage extends FormPage {
  readonly name: 'form'
}

/** The page after the message was sent. Says nothing of whether the address is known. */
interface FlowSentPage extends NoticePage {
  readonly name: 'sent'
}

/** The same page in a browser that can type the code of the message. */
interface FlowCodePage extends FormPage {
  readonly name: 'code'
}

type EnginePage = FlowFormPage | FlowSentPage | FlowCodePage

/** The texts of a flow's own pages. */
export interface FlowTexts {
  readonly form: Pick<FormPage, 'title' | 'notice' | 'text' | 'button' | 'link'>
  /** The page after the message was sent; `again` leads back to the form. @default the flow sends no message */
  readonly sent?: {
    readonly title: string
    /** @param address where it was sent, if this browser is the one that typed it */
    readonly text: (address: string | undefined) => string
    /** The same where the code of the message can be typed. */
    readonly codeText: (address: string | undefined) => string
    readonly again: string
  }
}

/** What distinguishes one flow from another; the order of the steps is the engine's. */
export interface Flow<Who, Value, P extends Page> extends FlowSettings, FormFields {
  readonly schema: StandardSchemaV1<unknown, Value>
  readonly texts: (request: FlowRequest & { readonly who?: Who }) => FlowTexts
  /** Where the last message was sent that this client asked for, for the page after it and for the form. */
  readonly keptAddress: (req: Request) => Promise<string | undefined> | string | undefined
  /** Keeps it in the browser. @default it is stored already */
  readonly keepAddress?: (req: Request, address: string) => void
  /** @default there are no codes */
  readonly code: CodeEntry<Who, P> | undefined
  /** The option `verify` did not admit a form: tells the listeners of events. */
  readonly noteUnverified: (form: FormRequest<Who>) => void
  readonly baseUrl: BaseUrl | undefined
  /** The query parameter that every page of the flow carries along, with its value in this request. */
  readonly carried: (req: Request) => readonly [name: string, value: string | undefined]
  /** Who asks; `undefined` if the request may not see the form, and has been answered. */
  readonly access: (request: FlowRequest) => Promise<Who | undefined>
  /** What the form begins with. @default empty fields */
  readonly prefill?: (who: Who) => FormValues
  /** What becomes of a valid form. */
  readonly submit: (form: FormRequest<Who>, value: Value) => Promise<Message<P> | Answer<P>>
  /** What a failure of `submit` or `store` means for the person; `undefined` hands it to the application. */
  readonly explain: (error: unknown, form: FormRequest<Who>) => Promise<Answer<P> | undefined>
  /** The code of the warning for a message that was not sent. */
  readonly notSentCode: string
  readonly show: (page: P | EnginePage, req: Request, res: Response) => Promise<void>
}

/** What the link in the message opens: a page with a button. Mail scanners follow links, too, but press no button. */
export interface Confirmation<Found extends object, P extends Page> {
  /** What the link leads to; or the page that refuses it, or that comes after it if this browser has confirmed it already. */
  readonly find: (
    token: string | undefined,
    request: FlowRequest,
  ) => Promise<Found | { readonly page: P } | { readonly redirectTo: string }>
  readonly showButton: (found: Found, request: FlowRequest) => Promise<Answer<P>>
  readonly confirm: (found: Found, request: FlowRequest) => Promise<Answer<P>>
}

/** The code of the message, typed in the browser that asked for it, in place of following the link. */
export interface CodeEntry<Who, P extends Page> {
  /** Whether this browser has asked for a code, as far as its cookies show it. */
  readonly isAskedFor: (req: Request) => boolean
  /** What the code leads to; or how many more attempts there are, none if it is void. */
  readonly confirm: (
    code: string,
    form: FormRequest<Who>,
  ) => Promise<Answer<P> | { readonly attemptsLeft: number }>
}
