import { frMail } from './fr-mail.js'
import type { Translation } from './catalog.js'

/** The words in French. */
export const fr: Translation = {
  form: {
    failedTitle: (title) => `Erreur : ${title}`,
    typeAgain: 'Veuillez saisir à nouveau ce champ : il n’a pas été conservé.',
  },
  conversion: {
    title: 'Créer votre compte',
    text: 'Tout ce que vous avez fait ici reste à vous.',
    button: 'Créer le compte',
    textWithLink:
      'Tout ce que vous avez fait ici reste à vous. Nous envoyons un lien à votre adresse e-mail ; votre compte existera dès que vous l’aurez suivi.',
    buttonWithLink: 'Envoyer le lien',
    haveAccount: 'J’ai déjà un compte : me connecter',
    sent: {
      title: 'Consultez votre messagerie',
      text: (address, duration) =>
        `Nous avons envoyé un message à ${address ?? 'l’adresse que vous avez saisie'}. Le lien qu’il contient est valable ${duration}. Suivez-le pour créer votre compte ; en attendant, vous pouvez continuer ici.`,
      again: 'Rien reçu, ou adresse erronée ? Corrigez-la et redemandez un lien',
    },
    confirm: {
      title: 'Créer ce compte ?',
      text: (username, email) =>
        `Le compte « ${username} » sera créé pour l’adresse ${email}. Ne continuez que si vous l’avez demandé vous-même : la personne qui l’a demandé en a choisi le mot de passe.`,
      button: 'Créer le compte',
    },
    success: {
      title: 'Votre compte est prêt',
      text: 'Vous êtes connecté, et tout ce que vous avez fait ici est toujours à vous.',
      link: 'Continuer',
    },
    verified: {
      title: 'Votre compte est prêt',
      text: 'L’adresse est confirmée. Connectez-vous ici avec le mot de passe que vous avez choisi.',
      link: 'Se connecter',
    },
    incomplete: {
      title: 'Ce lien est incomplet',
      text: 'Veuillez copier l’adresse entière du message, ou demander un autre lien.',
      form: 'Demander un autre lien',
    },
    gone: {
      title: 'Ce lien n’est plus valable',
      text: 'Il a peut-être déjà servi : dans ce cas, votre compte existe et vous pouvez vous connecter. Sinon, il a expiré ou vous en avez demandé un plus récent : faites une nouvelle demande dans le navigateur où vous avez commencé.',
      login: 'Se connecter',
      form: 'Demander un autre lien',
    },
    taken: {
      title: 'Le compte n’a pas été créé',
      username: 'Ce nom d’utilisateur appartient désormais à un compte.',
      email: 'Cette adresse appartient désormais à un compte.',
      other: 'L’une de vos saisies appartient désormais à un compte.',
      text: 'Vous n’avez rien perdu : choisissez autre chose dans le navigateur où vous avez commencé.',
      form: 'Retour au formulaire',
      login: 'Se connecter au compte',
    },
    converted: {
      title: 'Vous n’êtes plus un invité',
      text: 'Votre compte existe déjà : vous avez peut-être appuyé deux fois sur le bouton, ou dans un autre onglet. Connectez-vous pour continuer.',
      login: 'Se connecter',
    },
    deleted: {
      title: 'Vous n’êtes plus un invité',
      text: 'Aucun compte n’a été créé. Votre session d’invité est terminée : elle a expiré, ou vous vous êtes connecté à un compte dans un autre onglet. Connectez-vous à ce compte, ou recommencez.',
      login: 'Se connecter',
    },
  },
  selfService: {
    title: 'Qui êtes-vous ?',
    text: 'Dites-nous qui vous êtes, et nous enverrons à votre adresse e-mail un lien qui vous donne accès.',
    button: 'Envoyer le lien',
    why: {
      noPass:
        'La page que vous vouliez voir est réservée aux personnes invitées. Vous pouvez demander une invitation ici.',
      refused:
        'Le lien que vous avez suivi ne fonctionne pas, ou ne fonctionne plus. Vous pouvez en demander un nouveau ici.',
      otherScope:
        'Votre invitation concerne une autre page. Vous pouvez en demander une pour cette page ici.',
      ended: 'Votre visite est terminée. Vous pouvez demander un nouveau lien ici.',
    },
    sent: {
      title: 'Consultez votre messagerie',
      text: (address, duration) =>
        `Nous avons envoyé un lien à ${address ?? 'l’adresse que vous avez saisie'}. Il est valable ${duration}. Suivez-le pour continuer ; vous pouvez fermer cette page.`,
      again: 'Rien reçu, ou adresse erronée ? Corrigez-la et redemandez un lien',
    },
    incomplete: {
      title: 'Cette adresse est incomplète',
      text: 'Veuillez ouvrir à nouveau la page que vous vouliez voir.',
      home: 'Vers la page d’accueil',
    },
    expired: {
      title: 'Ce formulaire n’est plus ouvert',
      text: 'Il est resté ouvert trop longtemps, et rien n’a été envoyé. Veuillez recommencer.',
      again: 'Recommencer',
    },
  },
  leave: {
    title: 'Voulez-vous partir ?',
    text: 'Vous êtes ici en tant qu’invité. Une fois parti, vous ne pourrez plus retrouver ce que vous avez fait ici.',
    button: 'Partir et tout perdre',
    textWithDeletion:
      'Vous êtes ici en tant qu’invité. Dès que vous partez, tout ce que vous avez fait ici est supprimé.',
    buttonWithDeletion: 'Partir et tout supprimer',
    keep: 'Créer un compte et tout garder',
  },
  limitedLink: {
    title: 'Ouvrir votre invitation',
    text: 'Ce lien ne peut être ouvert qu’un nombre limité de fois. Appuyez sur le bouton pour l’ouvrir maintenant.',
    button: 'Continuer',
  },
  fields: {
    username: 'Nom d’utilisateur',
    email: 'Adresse e-mail',
    firstName: 'Prénom',
    lastName: 'Nom',
    password: 'Mot de passe',
    passwordHint: (shortest) => `Au moins ${String(shortest)} caractères, quels qu’ils soient`,
    passwordAgain: 'Le même mot de passe, encore une fois',
  },
  errors: {
    required: 'Veuillez remplir ce champ',
    tooLong: (longest) => `Au plus ${String(longest)} caractères, s’il vous plaît`,
    tooShort: (shortest) => `Au moins ${String(shortest)} caractères, s’il vous plaît`,
    noAddress: 'Ceci n’est pas une adresse e-mail',
    invisible: 'Veuillez ne pas utiliser de caractères invisibles',
    unacceptable: 'Ceci ne peut pas être enregistré tel quel',
    passwordsDiffer: 'Ce n’est pas le même mot de passe',
    guessable: 'Ce mot de passe est facile à deviner. Veuillez en choisir un autre.',
    usernameTaken: 'Ce nom d’utilisateur est déjà pris',
    emailTaken: 'Cette adresse appartient déjà à un compte',
    taken: 'Ceci appartient déjà à un autre compte',
    somethingTaken: 'L’une de vos saisies appartient déjà à un autre compte',
    tooManyForms: 'Il y a eu trop de tentatives depuis ici. Veuillez réessayer plus tard.',
    tooManyMessages:
      'Trop de liens ont été demandés. Veuillez consulter votre messagerie, ou réessayer plus tard.',
    notSent: 'Nous n’avons pas pu envoyer le message à l’instant. Veuillez réessayer dans un moment.',
    notVerified:
      'Nous n’avons pas pu vérifier que vous êtes une personne. Veuillez répondre de nouveau au contrôle.',
    noCode: (digits) => `Le code a ${String(digits)} chiffres`,
    wrongCode: (left) => `Ce n’est pas le code du message. Essais restants : ${String(left)}`,
    codeVoid:
      'Ce code n’est plus valable, ou pas dans ce navigateur. Suivez le lien du message, ou demandez un nouveau code ici.',
  },
  freshLink: {
    asked: {
      title: 'Consultez votre messagerie',
      text: 'Si ce lien a été valable, un nouveau est en route vers la boîte à laquelle celui-ci a été envoyé. Si rien n’arrive, demandez-en un nouveau à la personne qui vous a invité.',
    },
    tooOften: {
      title: 'C’était trop souvent',
      text: 'Trop de liens ont été demandés depuis ici. Veuillez consulter votre messagerie, ou réessayer plus tard.',
    },
  },
  problem: {
    login: 'Se connecter',
    convert: 'Créer un compte',
    home: 'Aller à la page d’accueil',
    selfService: 'Demander un nouveau lien',
    byInvitation: {
      title: 'Cette page est réservée aux personnes invitées',
      text: 'Veuillez suivre le lien de votre invitation. Si vous venez de le faire, il ne fonctionne plus : demandez-en un nouveau à la personne qui vous a invité.',
    },
    staleLink: {
      title: 'Ce lien ne fonctionne plus',
      text: 'Il est peut-être trop ancien. S’il est à vous, un nouveau peut être envoyé à la boîte à laquelle celui-ci a été envoyé.',
      button: 'Envoyer un nouveau lien',
    },
    damagedLink: {
      title: 'Ce lien est incomplet',
      text: 'Il en manque une partie. Veuillez copier le lien entier depuis le message, ou en demander un nouveau.',
    },
    wrongScope: {
      title: 'Votre invitation concerne une autre page',
      text: 'Elle est valable, mais cette page en demande une autre.',
    },
    visitEnded: {
      title: 'Votre visite est terminée',
      text: 'Veuillez suivre à nouveau le lien de votre invitation. S’il ne fonctionne plus, demandez-en un nouveau à la personne qui vous a invité.',
    },
    guestGone: {
      title: 'Vous n’êtes plus ici en tant qu’invité',
      text: 'Rien n’a été modifié. Si vous avez un compte, connectez-vous ; sinon, recommencez.',
    },
    guestsOnly: {
      title: 'Vous avez déjà un compte',
      text: 'Cette page est réservée aux personnes qui sont ici en tant qu’invités.',
    },
    loginNeeded: {
      title: 'Veuillez vous connecter',
      text: 'Rien n’a été modifié. Cette page est réservée aux personnes qui ont un compte : connectez-vous, et réessayez.',
    },
    accountNeeded: {
      title: 'Il vous faut un compte',
      text: 'Vous êtes ici en tant qu’invité. Créez un compte, et vous gardez tout ce que vous avez fait jusqu’ici.',
    },
    converted: {
      title: 'Vous n’êtes plus un invité',
      text: 'Votre compte a déjà été créé, peut-être dans une autre fenêtre. Connectez-vous à ce compte.',
    },
    notDeleted: {
      title: 'Vos données n’ont pas pu être supprimées',
      text: 'Rien n’a été supprimé. Veuillez le signaler aux responsables de ce site.',
    },
    notMerged: {
      title: 'Vous n’êtes pas encore connecté',
      text: 'Ce que vous avez fait en tant qu’invité n’a pas pu être transféré à votre compte, et rien n’a été modifié. Veuillez réessayer dans un moment.',
    },
    logoutUnconfirmed: {
      title: 'Voulez-vous partir ?',
      text: 'Vous êtes ici en tant qu’invité, et rien n’a été modifié. Si vous vous déconnectez, vous ne pourrez pas retrouver ce que vous avez fait ici.',
    },
    notVerified: {
      title: 'Nous n’avons pas pu vérifier que vous êtes une personne',
      text: 'Veuillez revenir en arrière, et refaire la vérification.',
    },
    foreignForm: {
      title: 'Ceci vient d’un autre site',
      text: 'Rien n’a été modifié. Ouvrez la page sur ce site, et réessayez.',
    },
    forbidden: {
      title: 'Cette page ne vous est pas ouverte',
      text: 'Vous ne pouvez pas voir cette page, ou faire cela.',
    },
    tooOften: { title: 'C’était trop souvent', text: 'Veuillez attendre un peu, et réessayer.' },
    unavailable: {
      title: 'Ceci ne fonctionne pas pour le moment',
      text: 'Rien n’a été modifié. Veuillez réessayer dans un moment.',
    },
    refused: {
      title: 'Cela n’a pas fonctionné',
      text: 'Rien n’a été modifié. Veuillez revenir en arrière, et réessayer.',
    },
    failed: {
      title: 'Une erreur s’est produite',
      text: 'L’erreur vient de chez nous. Veuillez réessayer dans un moment.',
    },
  },
  mail: frMail,
  code: {
    text: (address, codeDuration, linkDuration) =>
      `Nous avons envoyé un message à ${address ?? 'l’adresse que vous avez saisie'}. Saisissez ici le code qu’il contient, valable ${codeDuration}, ou suivez son lien, valable ${linkDuration}.`,
    label: 'Code du message',
    hint: (digits) => `${String(digits)} chiffres`,
    button: 'Confirmer le code',
  },
}
