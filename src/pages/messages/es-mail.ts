import type { Translation } from './catalog.js'

export const esMail: NonNullable<Translation['mail']> = {
  selfService: {
    subject: (name) => (name === undefined ? 'Su enlace' : `Su enlace a ${name}`),
    text: 'Esta dirección se escribió para recibir un enlace. Abre la página que se pidió.',
    button: 'Abrir la página',
  },
  conversion: {
    subject: (name) => (name === undefined ? 'Cree su cuenta' : `Cree su cuenta: ${name}`),
    text: 'Esta dirección se escribió para crear una cuenta. Para confirmarla, abra la página y pulse el botón.',
    button: 'Confirmar la dirección',
  },
  freshLink: {
    subject: (name) => (name === undefined ? 'Su nuevo enlace' : `Su nuevo enlace a ${name}`),
    text: 'El enlace que recibió ha caducado, y se ha pedido uno nuevo. Aquí está.',
    button: 'Abrir la página',
  },
  invitation: {
    subject: (name) => (name === undefined ? 'Su invitación' : `Su invitación a ${name}`),
    text: 'Está invitado a una página, para la que no necesita cuenta. Use este enlace y ninguno anterior.',
    button: 'Abrir la página',
  },
  plainLink: 'Si el botón no funciona, copie esta dirección en su navegador:',
  code: (duration) => `O escriba este código en un plazo de ${duration} en el navegador en el que lo pidió:`,
  validFor: (duration) => `El enlace es válido durante ${duration}.`,
  keepSecret: 'Cualquier persona que lo tenga puede usarlo: no lo comparta, por favor.',
  ignore: 'Si no lo ha pedido, ignore este mensaje.',
}
