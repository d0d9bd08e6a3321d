import type { Translation } from './catalog.js'

export const frMail: NonNullable<Translation['mail']> = {
  selfService: {
    subject: (name) => (name === undefined ? 'Votre lien' : `Votre lien vers ${name}`),
    text: 'Cette adresse a été saisie pour recevoir un lien. Il ouvre la page demandée.',
    button: 'Ouvrir la page',
  },
  conversion: {
    subject: (name) => (name === undefined ? 'Créez votre compte' : `Créez votre compte : ${name}`),
    text: 'Cette adresse a été saisie pour créer un compte. Pour la confirmer, ouvrez la page et appuyez sur le bouton.',
    button: 'Confirmer l’adresse',
  },
  freshLink: {
    subject: (name) => (name === undefined ? 'Votre nouveau lien' : `Votre nouveau lien vers ${name}`),
    text: 'Le lien qui vous a été envoyé a expiré, et un nouveau a été demandé. Le voici.',
    button: 'Ouvrir la page',
  },
  invitation: {
    subject: (name) => (name === undefined ? 'Votre invitation' : `Votre invitation : ${name}`),
    text: 'Vous êtes invité à une page, pour laquelle aucun compte n’est nécessaire. Veuillez utiliser ce lien et aucun lien précédent.',
    button: 'Ouvrir la page',
  },
  plainLink: 'Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur :',
  code: (duration) =>
    `Ou saisissez ce code dans un délai de ${duration} dans le navigateur où vous l’avez demandé :`,
  validFor: (duration) => `Le lien est valable ${duration}.`,
  keepSecret: 'Toute personne qui l’a peut l’utiliser : veuillez ne pas le transmettre.',
  ignore: 'Si vous ne l’avez pas demandé, ignorez ce message.',
}
