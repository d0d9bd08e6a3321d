import type { Translation } from './catalog.js'

export const deMail: NonNullable<Translation['mail']> = {
  selfService: {
    subject: (name) => (name === undefined ? 'Ihr Link' : `Ihr Link zu ${name}`),
    text: 'Diese Adresse wurde eingegeben, um einen Link zu erhalten. Er öffnet die gewünschte Seite.',
    button: 'Seite öffnen',
  },
  conversion: {
    subject: (name) => (name === undefined ? 'Konto anlegen' : `Konto anlegen: ${name}`),
    text: 'Diese Adresse wurde eingegeben, um ein Konto anzulegen. Um sie zu bestätigen, öffnen Sie die Seite, und betätigen Sie dort die Schaltfläche.',
    button: 'Adresse bestätigen',
  },
  freshLink: {
    subject: (name) => (name === undefined ? 'Ihr neuer Link' : `Ihr neuer Link zu ${name}`),
    text: 'Der Link, der Ihnen gesendet wurde, ist abgelaufen, und ein neuer wurde angefordert. Hier ist er.',
    button: 'Seite öffnen',
  },
  invitation: {
    subject: (name) => (name === undefined ? 'Ihre Einladung' : `Ihre Einladung zu ${name}`),
    text: 'Sie sind zu einer Seite eingeladen und brauchen dafür kein Konto. Bitte benutzen Sie diesen Link und keinen früheren.',
    button: 'Seite öffnen',
  },
  plainLink: 'Wenn die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:',
  code: (duration) =>
    `Oder geben Sie diesen Code innerhalb von ${duration} in dem Browser ein, in dem Sie ihn angefordert haben:`,
  validFor: (duration) => `Der Link gilt ${duration}.`,
  keepSecret: 'Jede Person, die ihn hat, kann ihn benutzen: Bitte geben Sie ihn nicht weiter.',
  ignore: 'Wenn Sie ihn nicht angefordert haben, ignorieren Sie diese Nachricht.',
}
