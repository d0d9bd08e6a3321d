import { Router } from 'express'
import type { Address, Email } from 'postal-mime'
import type { Inbox } from '../mail/inbox.js'

/**
 * Shows all e-mails that the mail server in this process received, to every client. Used only without a real mail
 * server.
 */
export function inboxRoutes(inbox: Inbox): Router {
  const router = Router()

  router.get('/inbox', async (_req, res) => {
    res.render('inbox', { emails: (await inbox.list()).map(describe) })
  })

  return router
}

function describe({ from, to, subject, date, text }: Email) {
  const sent = new Date(date ?? '')
  return {
    from: from === undefined ? '' : written(from),
    to: (to ?? []).map(written).join(', '),
    subject: subject ?? '(no subject)',
    date: Number.isNaN(sent.getTime()) ? undefined : sent,
    paragraphs: (text ?? '(no plain text)')
      .trim()
      .split(/\n{2,}/)
      .map((words) => ({ words, isLink: isLink(words) })),
  }
}

function written({ name, address }: Address): string {
  if (address === undefined || name === '') return address ?? name
  return `${name} <${address}>`
}

/** Whether a paragraph is a web address and nothing else. */
function isLink(words: string): boolean {
  return !/\s/.test(words) && URL.canParse(words) && /^https?:$/.test(new URL(words).protocol)
}
