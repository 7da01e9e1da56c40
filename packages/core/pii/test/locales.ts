import type { Draw } from "./draw.ts";

/** How people of one place are called, reached and paid. */
export interface Locale {
  readonly name: string;
  /** Names as they stand in addresses. */
  readonly people: readonly string[];
  readonly hosts: readonly string[];
  /** The word before a telephone number, and one before a card. */
  readonly phone: readonly string[];
  readonly card: string;
  /** Telephone numbers: a digit for each `#`. */
  readonly phones: readonly string[];
  /** Country and form of the rest of an IBAN: `n` digit, `a` letter. */
  readonly iban: readonly string[];
  /** A sentence around something. */
  readonly sentence: string;
}

const plain = (name: string, init: Omit<Locale, "name">): Locale => ({ name, ...init });

export const locales: readonly Locale[] = [
  plain("en-US", {
    people: ["john.smith", "mary_jones", "o'brien"],
    hosts: ["example.com", "mail.acme.io"],
    phone: ["phone", "cell"],
    card: "card",
    phones: ["+1 415 555 ####", "(212) 555-####", "415-555-####", "+1415555####"],
    iban: [],
    sentence: "customer called about % yesterday",
  }),
  plain("en-GB", {
    people: ["emma.taylor", "h.clarke+news"],
    hosts: ["example.co.uk", "post.example.org"],
    phone: ["telephone", "mobile"],
    card: "card",
    phones: ["+44 20 7946 ####", "020 7946 ####", "07700 900###"],
    iban: ["GBaaaannnnnnnnnnnnnn"],
    sentence: "please refund % to the account",
  }),
  plain("de-DE", {
    people: ["jürgen.groß", "lena.müller", "max_schmidt"],
    hosts: ["beispiel.de", "post.müller.example"],
    phone: ["Telefon", "Tel.", "Handy"],
    card: "Karte",
    phones: ["+49 30 90####", "030 901###", "0171 23#####", "+49 (0)89 12####"],
    iban: ["DEnnnnnnnnnnnnnnnnnn"],
    sentence: "Kunde meldet % für die Rückzahlung",
  }),
  plain("fr-FR", {
    people: ["zoé.lefèvre", "jean-luc.martin"],
    hosts: ["exemple.fr", "courrier.exemple.org"],
    phone: ["téléphone", "tél. mobile"],
    card: "carte",
    phones: ["+33 1 42 68 ## ##", "01 42 68 ## ##", "06.12.34.##.##"],
    iban: ["FRnnnnnnnnnnaaaaannnnnnnn"],
    sentence: "la cliente a donné % à l'accueil",
  }),
  plain("es-ES", {
    people: ["maría.garcía", "jose_lopez"],
    hosts: ["ejemplo.es", "correo.ejemplo.com"],
    phone: ["teléfono", "móvil"],
    card: "tarjeta",
    phones: ["+34 91 123 ## ##", "612 34 ## ##", "+34 612 34####"],
    iban: ["ESnnnnnnnnnnnnnnnnnnnn"],
    sentence: "el cliente pide % mañana",
  }),
  plain("it-IT", {
    people: ["niccolò.rossi", "giulia.bianchi"],
    hosts: ["esempio.it", "posta.esempio.org"],
    phone: ["telefono", "cellulare"],
    card: "carta",
    phones: ["+39 06 6982 ####", "06 6982####", "347 12#####"],
    iban: ["ITannnnnnnnnnnnnnnnnnnnnn"],
    sentence: "il cliente è stato chiamato per %",
  }),
  plain("pt-BR", {
    people: ["joão.silva", "ana_souza"],
    hosts: ["exemplo.com.br", "correio.exemplo.net"],
    phone: ["telefone", "celular"],
    card: "cartão",
    phones: ["+55 11 3061-####", "(11) 98765-####", "+55 21 9####-####"],
    iban: ["BRnnnnnnnnnnnnnnnnnnnnnnnaa"],
    sentence: "não foi possível usar % ontem",
  }),
  plain("nl-NL", {
    people: ["daan.de.vries", "sanne_jansen"],
    hosts: ["voorbeeld.nl", "post.voorbeeld.eu"],
    phone: ["telefoon", "mobiel tel"],
    card: "kaart",
    phones: ["+31 20 624 ####", "020 624 ####", "06 1234####"],
    iban: ["NLaaaannnnnnnnnn"],
    sentence: "klant gaf % door",
  }),
  plain("pl-PL", {
    people: ["łukasz.żak", "ola_kowalska"],
    hosts: ["przyklad.pl", "poczta.przyklad.com"],
    phone: ["telefon", "tel"],
    card: "karta (card)",
    phones: ["+48 22 695 ## ##", "22 695 ## ##", "501 234 ###"],
    iban: ["PLnnnnnnnnnnnnnnnnnnnnnnnn"],
    sentence: "klient podał % wczoraj",
  }),
  plain("tr-TR", {
    people: ["ayşe.yılmaz", "mehmet_öz"],
    hosts: ["ornek.com.tr", "posta.ornek.net"],
    phone: ["telefon"],
    card: "kart (card)",
    phones: ["+90 212 444 ## ##", "0212 444 ## ##"],
    iban: ["TRnnnnnnnnnnnnnnnnnnnnnn"],
    sentence: "müşteri % bildirdi",
  }),
  plain("el-GR", {
    people: ["γιώργος.π", "maria.papa"],
    hosts: ["paradeigma.gr", "post.example.gr"],
    phone: ["τηλέφωνο"],
    card: "κάρτα (card)",
    phones: ["+30 21 0123 ####", "210 123 ####"],
    iban: ["GRnnnnnnnnnnnnnnnnnnnnnnn"],
    sentence: "ο πελάτης έδωσε % χθες",
  }),
  plain("ru-RU", {
    people: ["иван.петров", "olga_smirnova"],
    hosts: ["primer.ru", "pochta.primer.com"],
    phone: ["телефон", "тел."],
    card: "карта",
    phones: ["+7 495 123-##-##", "8 (495) 123-##-##"],
    iban: [],
    sentence: "клиент сообщил % вчера",
  }),
  plain("ja-JP", {
    people: ["tanaka.yuki", "sato_ken"],
    hosts: ["example.jp", "mail.example.co.jp"],
    phone: ["電話"],
    card: "カード card",
    phones: ["+81 3-3581-####", "03-3581-####"],
    iban: [],
    sentence: "お客様は % を伝えた",
  }),
  plain("zh-CN", {
    people: ["wang.wei", "li_na"],
    hosts: ["example.cn", "mail.example.com.cn"],
    phone: ["电话", "手机"],
    card: "卡号 card",
    phones: ["+86 10 6512 ####", "138 1234 ####"],
    iban: [],
    sentence: "客户提供了 % 以便退款",
  }),
  plain("ko-KR", {
    people: ["kim.minjun", "lee_seo"],
    hosts: ["example.kr", "mail.example.co.kr"],
    phone: ["전화"],
    card: "카드 card",
    phones: ["+82 2-730-####", "02-730-####"],
    iban: [],
    sentence: "고객이 % 알려줌",
  }),
  plain("hi-IN", {
    people: ["rahul.sharma", "priya_k"],
    hosts: ["example.in", "mail.example.co.in"],
    phone: ["फ़ोन", "मोबाइल mobile"],
    card: "कार्ड card",
    phones: ["+91 98765 #####", "098765 #####"],
    iban: [],
    sentence: "ग्राहक ने % दिया",
  }),
];

/** A telephone number of a locale, whether it says its country or not. */
export function phoneOf(draw: Draw, locale: Locale): string {
  return draw.of(locale.phones).replaceAll("#", () => draw.digits(1));
}
