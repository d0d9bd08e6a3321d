interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** The application's own way of sending mail. */
export const mailer = {
  sent: [] as Mail[],
  sendMail(mail: Mail) {
    this.sent.push(mail)
  },
}
