import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { NextFunction, Request, Response } from 'express'
import type { BaseUrl } from '../http/base-url.js'
import type { FormErrors, FormValues } from './form.js'
import type { FlowSettings } from './flow-options.js'
import type { FormField, FormPage } from './form-page.js'
import type { FlowMessages } from './messages.js'
import type { NoticePage } from './notice-page.js'
import type { Page } from './page.js'

/** A request to one of a flow's pages, with what its steps need of it: read once, and handed on. */
export interface FlowRequest {
  readonly req: Request
  readonly res: Response
  readonly next: NextFunction
  /** The value of the parameter that all pages of the flow carry along. */
  readonly carried: string | undefined
  /** The address of one of the flow's pages, with that parameter. */
  readonly pageUrl: (page: FlowPath) => string
}

/** The pages of a flow, below the path at which its router is mounted. */
export type FlowPath = '/' | '/sent' | '/success' | '/verify'

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

type EnginePage = FlowFormPage | FlowSentPage

/** What distinguishes one flow from another; the order of the steps is the engine's. */
export interface Flow<Who, Value, P extends Page> extends FlowSettings {
  readonly fields: readonly FormField[]
  readonly schema: StandardSchemaV1<unknown, Value>
  readonly messages: FlowMessages
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
  /** What the link leads to, or the page that refuses it. */
  readonly find: (token: string | undefined, request: FlowRequest) => Promise<Found | { readonly page: P }>
  readonly showButton: (found: Found, request: FlowRequest) => Promise<Answer<P>>
  readonly confirm: (found: Found, request: FlowRequest) => Promise<Answer<P>>
}
