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
  noServer: "Start “lantoa serve” and put the address that it prints into the settings of Lantoa.",
  lost: "The memory cannot be reached. Is “lantoa serve” running?",
  notInVault: "The memory does not know this note. Does it serve this vault?",
  pin: "Stay with this note",
  unpin: "Follow the open note",
  unlinked: "Only notes that are not linked",
  all: "Linked notes, too",
  good: "It belongs",
  bad: "It does not belong",
  hide: "Do not show it again here",
  why: "Why?",
  address: "Address",
  addressAbout: "What “lantoa serve” prints, with the token. It runs on this computer; nothing leaves it.",
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
  noServer: "Chạy “lantoa serve” rồi chép địa chỉ nó in ra vào cài đặt của Lantoa.",
  lost: "Không gặp được trí nhớ. Lệnh “lantoa serve” còn chạy không?",
  notInVault: "Trí nhớ không biết ghi chú này. Nó có đang phục vụ kho ghi chú này không?",
  pin: "Giữ ghi chú này",
  unpin: "Theo ghi chú đang mở",
  unlinked: "Chỉ ghi chú chưa liên kết",
  all: "Cả ghi chú đã liên kết",
  good: "Hợp",
  bad: "Không hợp",
  hide: "Đừng hiện lại ở đây",
  why: "Vì sao?",
  address: "Địa chỉ",
  addressAbout: "Địa chỉ mà “lantoa serve” in ra, kèm mã. Nó chạy trên máy này; không gì rời khỏi máy.",
  learn: "Học từ những gì tôi mở",
  learnAbout: "Điều bạn mở sau một ghi chú sẽ hiện lên sớm hơn lần sau.",
};

export function say(key: keyof typeof en): string {
  return (getLanguage() === "vi" ? vi : en)[key];
}

export function reasonOf(text: string): string {
  return getLanguage() === "vi" ? inVietnamese(text) : text;
}
