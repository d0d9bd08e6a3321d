import type { Context } from '../app.js'
import { Message } from '../models.js'
import { compose } from './compose.js'

/**
 * Sends an e-mail from the outbox, and deletes it there. If it cannot be sent, it stays in the outbox. Runs outside any
 * transaction, because a mail server can be slow. If this process ends between sending and deleting, the e-mail may be
 * sent twice; in the reverse order it might not be sent at all.
 */
export async function deliver({ mailer, publicUrl }: Context, id: number): Promise<void> {
  const message = await Message.findByPk(id, { include: 'pass' })
  if (message?.pass === undefined) return
  const { subject, body, path, pass } = message

  if (pass.isActive) {
    if (pass.hasExpired) await pass.reactivate() // it has waited too long
    try {
      await mailer.send({
        to: { name: pass.fullName, address: pass.email },
        subject,
        ...compose({
          subject,
          body,
          link: pass.tokenise(new URL(path, publicUrl).href), // made now: the database stores no link and no token
          expiresAt: pass.expiresAt,
        }),
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
