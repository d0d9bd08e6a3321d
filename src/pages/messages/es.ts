import { esMail } from './es-mail.js'
import type { Translation } from './catalog.js'

/** The words in Spanish. */
export const es: Translation = {
  form: {
    failedTitle: (title) => `Error: ${title}`,
    typeAgain: 'Vuelva a escribirlo, por favor: no se ha guardado.',
  },
  conversion: {
    title: 'Cree su cuenta',
    text: 'Todo lo que ha hecho aquí sigue siendo suyo.',
    button: 'Crear cuenta',
    textWithLink:
      'Todo lo que ha hecho aquí sigue siendo suyo. Le enviamos un enlace a su correo electrónico; su cuenta existirá en cuanto lo siga.',
    buttonWithLink: 'Enviarme el enlace',
    haveAccount: 'Ya tengo una cuenta: iniciar sesión',
    sent: {
      title: 'Revise su correo',
      text: (address, duration) =>
        `Hemos enviado un mensaje a ${address ?? 'la dirección que ha escrito'}. El enlace que contiene es válido durante ${duration}. Sígalo para crear su cuenta; mientras tanto puede continuar aquí.`,
      again: '¿No ha llegado nada o la dirección es errónea? Corríjala y pida otro enlace',
    },
    confirm: {
      title: '¿Crear esta cuenta?',
      text: (username, email) =>
        `Se creará la cuenta «${username}» para la dirección ${email}. Continúe solo si la ha pedido usted: la persona que la pidió ha elegido la contraseña.`,
      button: 'Crear cuenta',
    },
    success: {
      title: 'Su cuenta está lista',
      text: 'Ha iniciado sesión, y todo lo que ha hecho aquí sigue siendo suyo.',
      link: 'Continuar',
    },
    verified: {
      title: 'Su cuenta está lista',
      text: 'La dirección está confirmada. Inicie sesión aquí con la contraseña que ha elegido.',
      link: 'Iniciar sesión',
    },
    incomplete: {
      title: 'Este enlace está incompleto',
      text: 'Copie la dirección completa del mensaje o pida otro enlace.',
      form: 'Pedir otro enlace',
    },
    gone: {
      title: 'Este enlace ya no es válido',
      text: 'Es posible que ya se haya usado: en ese caso su cuenta existe y puede iniciar sesión. Si no, ha caducado o usted ha pedido uno más reciente: pídalo en el navegador en el que empezó.',
      login: 'Iniciar sesión',
      form: 'Pedir otro enlace',
    },
    taken: {
      title: 'La cuenta no se ha creado',
      username: 'Este nombre de usuario ya pertenece a una cuenta.',
      email: 'Esta dirección ya pertenece a una cuenta.',
      other: 'Algo de lo que ha escrito ya pertenece a una cuenta.',
      text: 'No ha perdido nada: elija otra cosa en el navegador en el que empezó.',
      form: 'Volver al formulario',
      login: 'Iniciar sesión en la cuenta',
    },
    converted: {
      title: 'Ya no es un invitado',
      text: 'Su cuenta ya existe: quizá ha pulsado el botón dos veces o en otra pestaña. Inicie sesión para continuar.',
      login: 'Iniciar sesión',
    },
    deleted: {
      title: 'Ya no es un invitado',
      text: 'No se ha creado ninguna cuenta. Su tiempo como invitado ha terminado: ha caducado o ha iniciado sesión en una cuenta en otra pestaña. Inicie sesión en esa cuenta o empiece de nuevo.',
      login: 'Iniciar sesión',
    },
  },
  selfService: {
    title: '¿Quién es usted?',
    text: 'Díganos quién es y le enviaremos a su correo electrónico un enlace que le da acceso.',
    button: 'Enviarme el enlace',
    why: {
      noPass: 'La página que quería ver es para personas invitadas. Aquí puede pedir una invitación.',
      refused: 'El enlace que ha seguido no funciona o ya no funciona. Aquí puede pedir uno nuevo.',
      otherScope: 'Su invitación es para otra página. Aquí puede pedir una para esta.',
      ended: 'Su visita ha terminado. Aquí puede pedir un enlace nuevo.',
    },
    sent: {
      title: 'Revise su correo',
      text: (address, duration) =>
        `Hemos enviado un enlace a ${address ?? 'la dirección que ha escrito'}. Es válido durante ${duration}. Sígalo para continuar; puede cerrar esta página.`,
      again: '¿No ha llegado nada o la dirección es errónea? Corríjala y pida otro enlace',
    },
    incomplete: {
      title: 'Esta dirección está incompleta',
      text: 'Vuelva a abrir la página que quería ver, por favor.',
      home: 'Ir a la página de inicio',
    },
    expired: {
      title: 'Este formulario ya no está abierto',
      text: 'Ha estado abierto demasiado tiempo y no se ha enviado nada. Empiece de nuevo, por favor.',
      again: 'Empezar de nuevo',
    },
  },
  leave: {
    title: '¿Quiere salir?',
    text: 'Está aquí como invitado. Cuando salga, no podrá volver a lo que ha hecho aquí.',
    button: 'Salir y perderlo todo',
    textWithDeletion: 'Está aquí como invitado. En cuanto salga, se borrará todo lo que ha hecho aquí.',
    buttonWithDeletion: 'Salir y borrarlo todo',
    keep: 'Crear una cuenta y conservarlo todo',
  },
  limitedLink: {
    title: 'Abra su invitación',
    text: 'Este enlace solo se puede abrir un número limitado de veces. Pulse el botón para abrirlo ahora.',
    button: 'Continuar',
  },
  fields: {
    username: 'Nombre de usuario',
    email: 'Correo electrónico',
    firstName: 'Nombre',
    lastName: 'Apellidos',
    password: 'Contraseña',
    passwordHint: (shortest) => `Al menos ${String(shortest)} caracteres de cualquier tipo`,
    passwordAgain: 'La misma contraseña otra vez',
  },
  errors: {
    required: 'Rellene este campo, por favor',
    tooLong: (longest) => `Como máximo ${String(longest)} caracteres, por favor`,
    tooShort: (shortest) => `Al menos ${String(shortest)} caracteres, por favor`,
    noAddress: 'Esto no es una dirección de correo electrónico',
    invisible: 'No use caracteres invisibles, por favor',
    unacceptable: 'Esto no se puede guardar así',
    passwordsDiffer: 'No es la misma contraseña',
    guessable: 'Esta contraseña es fácil de adivinar. Elija otra, por favor.',
    usernameTaken: 'Este nombre de usuario ya está en uso',
    emailTaken: 'Esta dirección ya pertenece a una cuenta',
    taken: 'Esto ya pertenece a otra cuenta',
    somethingTaken: 'Algo de lo que ha escrito ya pertenece a otra cuenta',
    tooManyForms: 'Ha habido demasiados intentos desde aquí. Inténtelo más tarde, por favor.',
    tooManyMessages: 'Se han pedido demasiados enlaces. Revise su correo o inténtelo más tarde, por favor.',
    notSent: 'Ahora mismo no hemos podido enviar el mensaje. Inténtelo de nuevo en un momento, por favor.',
    notVerified:
      'No hemos podido comprobar que es usted una persona. Responda de nuevo a la comprobación, por favor.',
    noCode: (digits) => `El código tiene ${String(digits)} cifras`,
    wrongCode: (left) => `Este no es el código del mensaje. Intentos restantes: ${String(left)}`,
    codeVoid:
      'Este código ya no es válido, o no lo es en este navegador. Siga el enlace del mensaje o pida aquí un código nuevo.',
  },
  freshLink: {
    asked: {
      title: 'Revise su correo',
      text: 'Si este enlace fue válido alguna vez, uno nuevo va de camino al buzón al que se envió este. Si no llega nada, pida uno nuevo a la persona que le invitó.',
    },
    tooOften: {
      title: 'Han sido demasiadas veces',
      text: 'Se han pedido demasiados enlaces desde aquí. Revise su correo o inténtelo más tarde, por favor.',
    },
  },
  problem: {
    login: 'Iniciar sesión',
    convert: 'Crear una cuenta',
    home: 'Ir a la página de inicio',
    selfService: 'Pedir un enlace nuevo',
    byInvitation: {
      title: 'Esta página es para personas invitadas',
      text: 'Siga el enlace de su invitación, por favor. Si acaba de hacerlo, ya no funciona: pida uno nuevo a la persona que le invitó.',
    },
    staleLink: {
      title: 'Este enlace ya no funciona',
      text: 'Quizá sea demasiado antiguo. Si es suyo, se puede enviar uno nuevo al buzón al que se envió este.',
      button: 'Enviar un enlace nuevo',
    },
    damagedLink: {
      title: 'Este enlace está incompleto',
      text: 'Falta una parte. Copie el enlace entero del mensaje o pida uno nuevo, por favor.',
    },
    wrongScope: {
      title: 'Su invitación es para otra página',
      text: 'Es válida, pero esta página necesita otra.',
    },
    visitEnded: {
      title: 'Su visita ha terminado',
      text: 'Siga de nuevo el enlace de su invitación, por favor. Si ya no funciona, pida uno nuevo a la persona que le invitó.',
    },
    guestGone: {
      title: 'Ya no está aquí como invitado',
      text: 'No se ha cambiado nada. Si tiene una cuenta, inicie sesión; si no, empiece de nuevo.',
    },
    guestsOnly: {
      title: 'Ya tiene una cuenta',
      text: 'Esta página es para personas que están aquí como invitados.',
    },
    loginNeeded: {
      title: 'Inicie sesión, por favor',
      text: 'No se ha cambiado nada. Esta página es para personas con una cuenta: inicie sesión e inténtelo de nuevo.',
    },
    accountNeeded: {
      title: 'Para esto necesita una cuenta',
      text: 'Está aquí como invitado. Cree una cuenta y conservará todo lo que ha hecho hasta ahora.',
    },
    converted: {
      title: 'Ya no es un invitado',
      text: 'Su cuenta ya se ha creado, quizá en otra ventana. Inicie sesión en ella.',
    },
    notDeleted: {
      title: 'No se han podido borrar sus datos',
      text: 'No se ha borrado nada. Avise a los responsables de este sitio, por favor.',
    },
    notMerged: {
      title: 'Todavía no ha iniciado sesión',
      text: 'Lo que hizo como invitado no se ha podido pasar a su cuenta, así que no se ha cambiado nada. Inténtelo de nuevo en un momento, por favor.',
    },
    logoutUnconfirmed: {
      title: '¿Quiere salir?',
      text: 'Está aquí como invitado, y no se ha cambiado nada. Si cierra la sesión, no podrá volver a lo que ha hecho aquí.',
    },
    notVerified: {
      title: 'No hemos podido comprobar que es una persona',
      text: 'Vuelva atrás y repita la comprobación, por favor.',
    },
    foreignForm: {
      title: 'Esto viene de otro sitio',
      text: 'No se ha cambiado nada. Abra la página en este sitio e inténtelo de nuevo.',
    },
    forbidden: {
      title: 'Esta página no está abierta para usted',
      text: 'No puede ver esta página o hacer esto.',
    },
    tooOften: { title: 'Han sido demasiadas veces', text: 'Espere un rato e inténtelo de nuevo, por favor.' },
    unavailable: {
      title: 'Esto no funciona en este momento',
      text: 'No se ha cambiado nada. Inténtelo de nuevo en un momento, por favor.',
    },
    refused: {
      title: 'No ha funcionado',
      text: 'No se ha cambiado nada. Vuelva atrás e inténtelo de nuevo, por favor.',
    },
    failed: {
      title: 'Algo ha ido mal',
      text: 'El error es nuestro. Inténtelo de nuevo en un momento, por favor.',
    },
  },
  mail: esMail,
  code: {
    text: (address, codeDuration, linkDuration) =>
      `Hemos enviado un mensaje a ${address ?? 'la dirección que ha escrito'}. Escriba aquí el código que contiene, válido durante ${codeDuration}, o siga su enlace, válido durante ${linkDuration}.`,
    label: 'Código del mensaje',
    hint: (digits) => `${String(digits)} cifras`,
    button: 'Confirmar el código',
  },
}
