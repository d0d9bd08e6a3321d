import { startTarget } from './target.js'

/** The application under attack in a process of its own. What is uncaught is printed, and reported to the attacker. */
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.removeAllListeners(event) // those of node:test, which test/support brings
  process.on(event, (cause: unknown) => {
    process.send?.({ uncaught: cause instanceof Error ? cause.stack : String(cause) })
  })
}
const target = await startTarget()
process.send?.({ port: target.port, control: target.control })
process.on('disconnect', () => {
  void target.close().finally(() => process.exit())
})
