import { connect, type Socket } from 'node:net'
import type { Pair } from './shot.js'

/** An answer as it came, in parts. */
export interface Answer {
  readonly status: number
  readonly headers: readonly Pair[]
  readonly body: string
}

/** How long a whole request may wait for its answer. */
const LONGEST_WAIT = 20_000
/** How long the rest of a spoilt request's answer is waited for: it may never come. */
const SPOILT_WAIT = 120

/**
 * A connection on which bytes are written as they are: Node's client would refuse to send most of what is malformed. It opens
 * again when the server has closed it.
 */
export class Connection {
  private socket: Socket | undefined
  private received: Buffer = Buffer.alloc(0)
  private isClosed = true
  private wake: () => void = () => undefined

  constructor(private readonly port: number) {}

  /** The answers; of a whole request exactly one, or none if the server closed the connection or did not answer in time. */
  async send(bytes: Buffer, { isWhole }: { readonly isWhole: boolean }): Promise<Answer[]> {
    const socket = this.open()
    const hasBody = !bytes.subarray(0, 5).equals(Buffer.from('HEAD '))
    const answers: Answer[] = []
    const deadline = performance.now() + (isWhole ? LONGEST_WAIT : SPOILT_WAIT)
    socket.write(bytes)
    for (;;) {
      const wasClosed = this.isClosed
      const read = readAnswer(this.received, { hasBody, isEnd: wasClosed })
      if (read !== undefined) {
        this.received = read.rest
        if (read.answer.status >= 200) answers.push(read.answer)
        if (isWhole && read.answer.status >= 200) break
        continue
      }
      const left = deadline - performance.now()
      if (wasClosed || left <= 0) break
      await this.change(left)
    }
    const [last] = answers.slice(-1)
    if (
      !isWhole ||
      last === undefined ||
      this.received.length > 0 ||
      headerOf(last, 'connection') === 'close'
    )
      this.close()
    return answers
  }

  close(): void {
    this.socket?.destroy()
    this.isClosed = true
  }

  private open(): Socket {
    if (this.socket !== undefined && !this.isClosed) return this.socket
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true })
    this.socket = socket
    this.isClosed = false
    this.received = Buffer.alloc(0)
    const ended = (): void => {
      if (this.socket === socket) this.isClosed = true
      this.wake()
    }
    socket.on('data', (data) => {
      if (this.socket === socket) this.received = Buffer.concat([this.received, data])
      this.wake()
    })
    socket.on('close', ended).on('end', ended).on('error', ended)
    return socket
  }

  private async change(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

export function headerOf({ headers }: Pick<Answer, 'headers'>, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1]
}

export function headersOf({ headers }: Pick<Answer, 'headers'>, name: string): string[] {
  return headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)
}

/** The first answer in what was received; `undefined` while it is incomplete. */
function readAnswer(
  received: Buffer,
  { hasBody, isEnd }: { readonly hasBody: boolean; readonly isEnd: boolean },
): { readonly answer: Answer; readonly rest: Buffer } | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [line = '', ...lines] = received.toString('latin1', 0, end).split('\r\n')
  const headers = lines.map((each): Pair => {
    const colon = each.indexOf(':')
    return [each.slice(0, colon), each.slice(colon + 1).trim()]
  })
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1])
  const body = received.subarray(end + 4)
  const answer = (length: number, text = body.toString('utf8', 0, length)) => ({
    answer: { status, headers, body: text },
    rest: body.subarray(length),
  })
  if (!hasBody || status < 200 || status === 204 || status === 304) return answer(0)
  if (headerOf({ headers }, 'transfer-encoding') === 'chunked') {
    const chunks = readChunks(body)
    return chunks && answer(chunks.length, chunks.text)
  }
  const length = headerOf({ headers }, 'content-length')
  if (length === undefined) return isEnd ? answer(body.length) : undefined
  return body.length >= Number(length) ? answer(Number(length)) : undefined
}

function readChunks(body: Buffer): { readonly text: string; readonly length: number } | undefined {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at)
    if (end === -1) return undefined
    const size = parseInt(body.toString('latin1', at, end), 16)
    const next = end + 2 + size + 2
    if (body.length < next) return undefined
    if (size === 0) return { text: Buffer.concat(parts).toString(), length: next }
    parts.push(body.subarray(end + 2, end + 2 + size))
    at = next
  }
}
