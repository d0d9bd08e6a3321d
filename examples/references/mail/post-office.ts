import { join } from 'node:path'
import type { Settings } from '../settings.js'
import { openInbox, type Inbox } from './inbox.js'
import { createMailer, type Mailer } from './mailer.js'
import { startSink } from './sink.js'

export interface PostOffice {
  readonly mailer: Mailer
  /** `undefined` if `SMTP_URL` names a mail server. */
  readonly inbox: Inbox | undefined
  readonly close: () => Promise<void>
}

/** Sends e-mails over SMTP: to the server that `SMTP_URL` names, otherwise to one in this process. */
export async function openPostOffice({ smtpUrl, mailFrom, dataFolder }: Settings): Promise<PostOffice> {
  if (smtpUrl !== undefined) {
    const mailer = createMailer({ smtpUrl, from: mailFrom })
    return {
      mailer,
      inbox: undefined,
      close: () => {
        mailer.close()
        return Promise.resolve()
      },
    }
  }
  const inbox = await openInbox(join(dataFolder, 'inbox'))
  const sink = await startSink(inbox)
  const mailer = createMailer({ smtpUrl: sink.url, from: mailFrom })
  return {
    mailer,
    inbox,
    close: async () => {
      mailer.close()
      await sink.close()
    },
  }
}
