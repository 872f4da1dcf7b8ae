// What the page says, in Vietnamese and in English.

import { inVietnamese } from "./reasons";

const vi = {
  skip: "Tới kết quả",
  memory: "Trí nhớ",
  room: "Phòng học",
  theme: "Sáng hay tối",
  search: "Một ghi chú, hay một câu hỏi…",
  picture: "Chọn một bức ảnh",
  choices: "Ghi chú tìm thấy",
  results: "Những gì gợi nhớ đến",
  field: "Sự lan tỏa trong mạng ghi chú",
  play: "Xem lan tỏa từng bước",
  step: "Bước lan tỏa",
  keys: "/ tìm · ↑ ↓ chọn · Enter xem lý do · o đi tiếp · g hợp · b không hợp · h ẩn · u rút lại · p phát",
  lately: "Vừa học được",
  drop: "Thả ảnh vào đây",
  stepOf: "bước {0} / {1}",
  start: "khởi đầu",
  asking: "đang nhớ…",
  found: "{0} ghi chú trong {1} ms",
  nothing: "Không gợi nhớ điều gì. Thử những từ khác, hay một ghi chú khác.",
  welcome: "Ghi chú, câu hỏi hay bức ảnh: {0} ghi chú đang chờ.",
  question: "câu hỏi",
  note: "ghi chú",
  photo: "bức ảnh",
  ask: "Hỏi: {0}",
  paths: "đường đi",
  said: "câu nối",
  common: "từ chung",
  tags: "thẻ chung",
  score: "điểm",
  goOn: "đi tiếp từ đây",
  obsidian: "mở trong Obsidian",
  good: "hợp",
  bad: "không hợp",
  hide: "ẩn",
  kept: "đã ghi nhớ",
  hidden: "đã ẩn “{0}”",
  undo: "đã rút lại",
  takeBack: "rút lại (u)",
  noVerdict: "Hợp hay không là giữa hai ghi chú: đi tiếp từ một ghi chú (o), rồi nói ở đó.",
  tabs: "Hai phần của trang",
  legendHeat: "kích hoạt",
  legendFlow: "dòng chảy",
  linkedOut: "ghi chú này liên kết tới",
  linkedIn: "liên kết tới ghi chú này",
  changed: "ghi chú đã đổi, kết quả đã mới",
  noToken: "Trang này cần địa chỉ mà lệnh `lantoa serve` in ra (có #token=…). Mở lại từ địa chỉ ấy.",
  lost: "Không gặp được máy chủ. Lệnh `lantoa serve` còn chạy không?",
  opened: "mở {0}",
  openedFrom: "mở {0} từ {1}",
  saidGood: "{0} hợp với {1}",
  saidBad: "{0} không hợp với {1}",
  saidHidden: "ẩn {0} ở {1}",
  graphLabel: "{0} nút đang hoạt động quanh {1}; danh sách bên cạnh nói cùng điều đó",
  wordsTitle: "Một trí nhớ nhỏ",
  wordsAbout: "Chạm vào một từ: kích hoạt lan sang những từ gần nó, rồi xa hơn, yếu dần. Đây chính là cách các ghi chú gợi nhớ nhau.",
  lessonTitle: "Một mạng nơ-ron học ném bóng",
  lessonAbout: "Mỗi lần ném là một điểm: mạng đoán màu của nó (lan truyền tiến), trượt bao xa (sai số), nghĩ lại từ cuối về đầu (lan truyền ngược), rồi chỉnh tay một chút (trọng số).",
  throwPlay: "Ném liên tục",
  throwOne: "ném một lần",
  throwSlider: "Lần ném",
  throwOf: "lần {0} · đúng {1} / {2}",
  fresh: "bắt đầu lại",
  planeLabel: "Mặt phẳng: các điểm hai màu, và màu mà mạng đoán ở mỗi chỗ",
  netLabel: "Mạng: hai đầu vào, các nút ẩn, một dự đoán; nét dày là trọng số lớn",
  curveLabel: "Sai số trung bình sau mỗi lần ném",
  task: "bài học",
  hiddenNodes: "nút ẩn",
  rate: "tốc độ học",
  pace: "nhịp ném",
  ring: "vòng tròn",
  moons: "hai vầng trăng",
  quadrants: "hoặc này hoặc kia (XOR)",
  beforeFirst: "Chưa ném lần nào: các trọng số còn ngẫu nhiên.",
  sayForward: "Ném: dự đoán {0}, đáp án {1}.",
  sayError: "Trượt: sai số {0}.",
  sayBackward: "Nghĩ lại: gradient ở dự đoán {0}, chảy ngược qua từng nút.",
  sayUpdate: "Chỉnh tay: trọng số đổi nhiều nhất {0}.",
  noPictures: "Muốn hỏi bằng ảnh: lantoa serve --model MÔ_HÌNH",
  signals: {
    link: "liên kết", path: "đường liên kết", cocited: "cùng được nhắc", coupled: "cùng trỏ tới",
    text: "từ ngữ", neighbor: "ghi chú tương tự", mention: "nhắc tên", title: "tựa đề",
    tag: "thẻ", folder: "thư mục", popular: "hay được nhắc", use: "thói quen",
  } as Record<string, string>,
};

const en: typeof vi = {
  skip: "To the results",
  memory: "Memory",
  room: "Learning room",
  theme: "Light or dark",
  search: "A note, or a question…",
  picture: "Choose a picture",
  choices: "Notes found",
  results: "What it calls to mind",
  field: "Activation in the network of notes",
  play: "Play how activation spreads",
  step: "Step of the spreading",
  keys: "/ search · ↑ ↓ choose · Enter why · o go on from it · g good · b bad · h hide · u take back · p play",
  lately: "Learnt lately",
  drop: "Drop the picture here",
  stepOf: "step {0} of {1}",
  start: "the start",
  asking: "remembering…",
  found: "{0} notes in {1} ms",
  nothing: "Nothing comes to mind. Try other words, or another note.",
  welcome: "A note, a question or a picture: {0} notes are waiting.",
  question: "question",
  note: "note",
  photo: "picture",
  ask: "Ask: {0}",
  paths: "paths",
  said: "said",
  common: "words in common",
  tags: "tags in common",
  score: "score",
  goOn: "go on from here",
  obsidian: "open in Obsidian",
  good: "good",
  bad: "bad",
  hide: "hide",
  kept: "remembered",
  hidden: "“{0}” is hidden",
  undo: "taken back",
  takeBack: "take back (u)",
  noVerdict: "Thumbs are for pairs of notes: go on from a note (o), and give them there.",
  tabs: "The two parts of the page",
  legendHeat: "activation",
  legendFlow: "flow",
  linkedOut: "the note links to it",
  linkedIn: "it links to the note",
  changed: "notes have changed, the answer is new",
  noToken: "This page needs the address that `lantoa serve` prints (with #token=…). Open it from there.",
  lost: "The server cannot be reached. Is `lantoa serve` still running?",
  opened: "opened {0}",
  openedFrom: "opened {0} from {1}",
  saidGood: "{0} is good for {1}",
  saidBad: "{0} is bad for {1}",
  saidHidden: "{0} hidden for {1}",
  graphLabel: "{0} active nodes around {1}; the list beside says the same",
  wordsTitle: "A small memory",
  wordsAbout: "Touch a word: activation spreads to the words near it, then further, fading. This is how notes call each other to mind.",
  lessonTitle: "A neural network learns to throw",
  lessonAbout: "Each throw is a point: the network guesses its colour (forward), misses by so much (the error), thinks it over from the end to the beginning (backward), and adjusts its hand a little (the weights).",
  throwPlay: "Throw and throw again",
  throwOne: "one throw",
  throwSlider: "Throw",
  throwOf: "throw {0} · {1} of {2} right",
  fresh: "new start",
  planeLabel: "The plane: points of two colours, and the colour that the network guesses at each place",
  netLabel: "The network: two inputs, hidden nodes, one guess; thick lines are large weights",
  curveLabel: "The mean error after each throw",
  task: "lesson",
  hiddenNodes: "hidden nodes",
  rate: "learning rate",
  pace: "pace",
  ring: "a ring",
  moons: "two moons",
  quadrants: "exclusive or (XOR)",
  beforeFirst: "No throw yet: the weights are random.",
  sayForward: "Thrown: guess {0}, answer {1}.",
  sayError: "Missed: error {0}.",
  sayBackward: "Thought over: the gradient at the guess is {0}, and flows back through each node.",
  sayUpdate: "Adjusted: the weight that moved most moved by {0}.",
  noPictures: "To ask by picture: lantoa serve --model MODEL",
  signals: {
    link: "link", path: "path of links", cocited: "cited together", coupled: "link to the same",
    text: "words", neighbor: "similar notes", mention: "named", title: "title",
    tag: "tags", folder: "folder", popular: "popular", use: "habit",
  },
};

const languages = { vi, en };
export type Language = keyof typeof languages;
export type Words = typeof vi;

const saved = localStorage.getItem("language");
let current: Language =
  saved === "vi" || saved === "en" ? saved : navigator.language.startsWith("vi") ? "vi" : "en";

export function language(): Language {
  return current;
}

export function setLanguage(to: Language): void {
  current = to;
  localStorage.setItem("language", to);
}

export function words(): Words {
  return languages[current];
}

/** A text of the page with {0}, {1} filled in. */
export function say(key: Exclude<keyof Words, "signals">, ...values: (string | number)[]): string {
  return words()[key].replace(/\{(\d)\}/g, (_, i) => String(values[Number(i)]));
}

export function reasonOf(text: string): string {
  return current === "vi" ? inVietnamese(text) : text;
}
