// The memory's reasons, which come in English (src/memory/why.c); for the page and the plugin.

const reasons: [RegExp, string][] = [
  [/^linked with (.*) both ways$/, "liên kết hai chiều với $1"],
  [/^linked from (.*)$/, "$1 liên kết tới"],
  [/^links to (.*)$/, "liên kết tới $1"],
  [/^named in (.*)$/, "được nhắc tên trong $1"],
  [/^names (.*)$/, "nhắc tên $1"],
  [/^both linked from (.*)$/, "cùng được $1 liên kết tới"],
  [/^both link to (.*)$/, "cùng liên kết tới $1"],
  [/^both tagged (.*)$/, "cùng thẻ $1"],
  [/^in the same folder$/, "cùng thư mục"],
  [/^words in common: (.*)$/, "từ chung: $1"],
  [/^tied to notes that read like (.*)$/, "gắn với những ghi chú giống $1"],
  [/^often linked to$/, "hay được liên kết tới"],
  [/^near by in the vault$/, "ở gần trong kho ghi chú"],
  [/^opened from (.*) before$/, "đã từng mở từ $1"],
  [/^(.*) was opened from it$/, "từng là nơi mở $1"],
  [/^often opened$/, "hay được mở"],
  [/^opened after what you just opened$/, "hay được mở sau những gì bạn vừa mở"],
  [/^opened from notes that read like (.*)$/, "hay được mở từ những ghi chú giống $1"],
  [/^said to belong to (.*)$/, "bạn đã nói là hợp với $1"],
  [/^holds: (.*); (.*) shows (.*); tied to (.*)$/, "có từ: $1; $2 có hình $3; gắn với $4"],
  [/^holds: (.*); (.*) shows (.*)$/, "có từ: $1; $2 có hình $3"],
  [/^holds: (.*); tied to (.*)$/, "có từ: $1; gắn với $2"],
  [/^holds: (.*)$/, "có từ: $1"],
  [/^(.*) shows (.*); tied to (.*)$/, "$1 có hình $2; gắn với $3"],
  [/^(.*\.(?:jpe?g|png|webp)) shows (.*)$/i, "$1 có hình $2"],
  [/^tied to (.*)$/, "gắn với $1"],
];

export function inVietnamese(reason: string): string {
  const known = reasons.find(([r]) => r.test(reason));
  return known ? reason.replace(known[0], known[1]) : reason;
}
