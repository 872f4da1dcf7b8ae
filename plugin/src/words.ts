// What the plugin says, in Vietnamese and in English, as Obsidian is set.

import { getLanguage } from "obsidian";
import { inVietnamese } from "../../web/src/reasons";

const en = {
  view: "Related notes",
  open: "Open related notes",
  recall: "Recall by a question",
  ask: "A question, or a few words…",
  noNote: "Open a note to see what it calls to mind.",
  nothing: "Nothing comes to mind.",
  reading: "Reading your notes…",
  lost: "The memory cannot be reached. Is “lantoa serve” running?",
  unknown: "The memory does not know this note. Is it among Obsidian's excluded files?",
  export: "Export what was learnt",
  exported: "Written to %: merge it with “lantoa import”.",
  import: "Import what was learnt",
  imported: "% things that were not known before.",
  notImported: "Nothing was imported from %: %. Put there what “lantoa export” writes.",
  pin: "Stay with this note",
  unpin: "Follow the open note",
  unlinked: "Only notes that are not linked",
  all: "Linked notes, too",
  good: "It belongs",
  bad: "It does not belong",
  hide: "Do not show it again here",
  why: "Why?",
  address: "Address of a server",
  addressAbout: "Leave it empty: the memory runs inside of Obsidian. Or what “lantoa serve” prints, with the token, if you use that.",
  forget: "What was learnt",
  forgetAbout: "% things that you opened or said are remembered, in this vault and nowhere else.",
  forgetNow: "Forget all",
  learn: "Learn from what I open",
  learnAbout: "What you open after a note comes up sooner the next time.",
};

const vi: typeof en = {
  view: "Ghi chú gợi nhớ",
  open: "Mở ghi chú gợi nhớ",
  recall: "Nhớ lại bằng một câu hỏi",
  ask: "Một câu hỏi, hay vài từ…",
  noNote: "Mở một ghi chú để xem nó gợi nhớ điều gì.",
  nothing: "Không gợi nhớ điều gì.",
  reading: "Đang đọc các ghi chú…",
  lost: "Không gặp được trí nhớ. Lệnh “lantoa serve” còn chạy không?",
  unknown: "Trí nhớ không biết ghi chú này. Nó có nằm trong danh sách loại trừ của Obsidian không?",
  export: "Xuất những gì đã học",
  exported: "Đã ghi vào %: nhập vào máy khác bằng “lantoa import”.",
  import: "Nhập những gì đã học",
  imported: "Biết thêm % điều.",
  notImported: "Không nhập được gì từ %: %. Hãy đặt vào đó tệp do “lantoa export” ghi ra.",
  pin: "Giữ ghi chú này",
  unpin: "Theo ghi chú đang mở",
  unlinked: "Chỉ ghi chú chưa liên kết",
  all: "Cả ghi chú đã liên kết",
  good: "Hợp",
  bad: "Không hợp",
  hide: "Đừng hiện lại ở đây",
  why: "Vì sao?",
  address: "Địa chỉ máy chủ",
  addressAbout: "Để trống: trí nhớ chạy ngay trong Obsidian. Hoặc địa chỉ mà “lantoa serve” in ra, kèm mã, nếu bạn dùng nó.",
  forget: "Những gì đã học",
  forgetAbout: "Đang nhớ % điều bạn đã mở hay đã nhận xét, chỉ trong kho ghi chú này.",
  forgetNow: "Quên hết",
  learn: "Học từ những gì tôi mở",
  learnAbout: "Điều bạn mở sau một ghi chú sẽ hiện lên sớm hơn lần sau.",
};

export function say(key: keyof typeof en): string {
  return (getLanguage() === "vi" ? vi : en)[key];
}

export function reasonOf(text: string): string {
  return getLanguage() === "vi" ? inVietnamese(text) : text;
}
