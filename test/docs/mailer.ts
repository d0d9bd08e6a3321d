interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** The application's mailer; it stores the messages. */
export const mailer = {
  sent: [] as Mail[],
  sendMail(mail: Mail) {
    this.sent.push(mail)
  },
}

/** The link in a message stands on a line of its own. */
export function linkIn(text = ''): string {
  return /^https:.*$/m.exec(text)?.[0] ?? ''
}
