import type { Translation } from './catalog.js'

export const arMail: NonNullable<Translation['mail']> = {
  selfService: {
    subject: (name) => (name === undefined ? 'رابطك' : `رابطك إلى ${name}`),
    text: 'أُدخل هذا العنوان للحصول على رابط. يفتح الرابط الصفحة المطلوبة.',
    button: 'فتح الصفحة',
  },
  conversion: {
    subject: (name) => (name === undefined ? 'أنشئ حسابك' : `أنشئ حسابك: ${name}`),
    text: 'أُدخل هذا العنوان لإنشاء حساب. لتأكيده، افتح الصفحة واضغط على الزر فيها.',
    button: 'تأكيد العنوان',
  },
  freshLink: {
    subject: (name) => (name === undefined ? 'رابطك الجديد' : `رابطك الجديد إلى ${name}`),
    text: 'انتهت صلاحية الرابط الذي أُرسل إليك، وطُلب رابط جديد. وها هو.',
    button: 'فتح الصفحة',
  },
  invitation: {
    subject: (name) => (name === undefined ? 'دعوتك' : `دعوتك إلى ${name}`),
    text: 'أنت مدعو إلى صفحة لا تحتاج إلى حساب. يُرجى استخدام هذا الرابط دون أي رابط سابق.',
    button: 'فتح الصفحة',
  },
  plainLink: 'إن لم يعمل الزر، فانسخ هذا العنوان إلى متصفحك:',
  code: (duration) => `أو اكتب هذا الرمز خلال ${duration} في المتصفح الذي طلبته منه:`,
  validFor: (duration) => `مدة صلاحية الرابط: ${duration}.`,
  keepSecret: 'يمكن لأي شخص لديه هذا الرابط أن يستخدمه: يُرجى عدم مشاركته.',
  ignore: 'إن لم تطلبه، فتجاهل هذه الرسالة.',
}
