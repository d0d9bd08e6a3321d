import type { Context } from '../app.js'
import { Message } from '../models.js'

/**
 * Sends an e-mail that waits in the outbox, and takes it out. If it cannot be sent it stays there, and its sender finds
 * it there: nothing is lost. Outside any transaction, as a mail server takes its time. If this process ends between
 * sending and taking out, the e-mail may go twice; the other way round it might not go at all.
 */
export async function deliver({ mailer, publicUrl }: Context, id: number): Promise<void> {
  const message = await Message.findByPk(id, { include: 'pass' })
  if (message?.pass === undefined) return
  const { subject, body, path, pass } = message

  if (pass.isActive) {
    if (pass.hasExpired) await pass.reactivate() // it has waited for long
    try {
      await mailer.send({
        to: { name: pass.fullName, address: pass.email },
        subject,
        body,
        link: pass.tokenise(new URL(path, publicUrl).href), // made now: the database holds no link and no token
        expiresAt: pass.expiresAt,
      })
    } catch (error) {
      console.error(
        `E-mail ${id} stays in the outbox: ${error instanceof Error ? error.message : String(error)}`,
      )
      return
    }
  }
  await message.destroy()
}
