import assert from 'node:assert/strict'
import { once, type EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { BROWSER, Browser } from '../browser.js'
import type { Example } from '../examples.js'

/** What is used of socket.io-client, which only the example has installed. */
interface Socket extends EventEmitter {
  readonly disconnect: () => void
}
type Connect = (address: string, options: object) => Socket

const WAIT_MS = 20_000

export const socketIo: Example = {
  name: 'socket.io',
  async checks({ folder, check, serve }) {
    const { io } = createRequire(join(folder, 'server.js'))('socket.io-client') as { io: Connect }

    await serve(async (origin, line) => {
      const link = /link: (\S+)/.exec(line)?.[1] ?? ''
      const sockets: Socket[] = []
      const open = (browser: Browser, namespace = '/', transport = 'websocket'): Socket => {
        const socket = io(origin + namespace, {
          transports: [transport],
          forceNew: true,
          reconnection: false,
          extraHeaders: { 'user-agent': BROWSER, cookie: browser.cookie },
        })
        sockets.push(socket)
        return socket
      }
      const first = async (socket: Socket, event: string): Promise<Record<string, unknown>> =>
        (
          (await once(socket, event, { signal: AbortSignal.timeout(WAIT_MS) })) as [Record<string, unknown>]
        )[0]

      await check('a socket is the guest whom its page has made, by both transports', async () => {
        const browser = new Browser(origin)
        assert.equal((await browser.get('/')).status, 200)
        const welcome = await first(open(browser), 'welcome')
        assert.equal(typeof welcome['userId'], 'number')
        assert.deepEqual(await first(open(browser, '/', 'polling'), 'welcome'), welcome)
      })
      await check('two guests who write to each other have different names', async () => {
        const [fred, ginger] = [new Browser(origin), new Browser(origin)]
        await fred.get('/')
        await ginger.get('/')
        const [from, to] = [open(fred), open(ginger)]
        const [sender, reader] = await Promise.all([first(from, 'welcome'), first(to, 'welcome')])
        assert.notEqual(sender['name'], reader['name'])
        from.emit('message', 'hello')
        assert.deepEqual(await first(to, 'message'), { from: sender['name'], text: 'hello' })
      })
      await check('a socket without a session is refused, and makes no guest', async () => {
        const browser = new Browser(origin)
        const refusal = await first(open(browser), 'connect_error')
        assert.equal(refusal['message'], 'Please open the page first')
      })
      await check(
        "a visitor is admitted to the namespace of the link's scope, and a guest is not",
        async () => {
          const [visitor, guest] = [new Browser(origin), new Browser(origin)]
          assert.equal((await visitor.get(link)).status, 303)
          await guest.get('/')
          assert.deepEqual(await first(open(visitor, '/interviews'), 'welcome'), { name: 'Ginger' })
          const refusal = await first(open(guest, '/interviews'), 'connect_error')
          assert.equal(refusal['message'], 'Please open the page first')
        },
      )
      await check('a logout closes the sockets of the session', async () => {
        const browser = new Browser(origin)
        await browser.get('/')
        const socket = open(browser)
        await first(socket, 'welcome')
        const closed = first(socket, 'disconnect')
        assert.equal((await browser.post('/logout', { confirm: 'yes' })).status, 204)
        await closed
      })
      for (const socket of sockets) socket.disconnect()
    })
  },
}
