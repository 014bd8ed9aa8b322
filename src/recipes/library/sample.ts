/** Four books as an export without series columns tells them: the series are read out of their titles, without any network. */
export const sampleExport = [
  "asin,title,subtitle,authors,narrators,length_minutes,released,purchased,status,kind,source",
  'B00DEMO001,The Fellowship of the Ring,"The Lord of the Rings, Book 1",J. R. R. Tolkien,Rob Inglis,1147,2012-10-11,2024-03-05,finished,book,audible',
  'B00DEMO002,The Two Towers,"The Lord of the Rings, Book 2",J. R. R. Tolkien,Rob Inglis,1000,2012-10-12,2024-03-06,,book,audible',
  "B00DEMO003,Harry Potter and the Sorcerer's Stone,,J. K. Rowling,Jim Dale,498,2015-11-20,2024-03-07,,book,audible",
  "B00DEMO004,Harry Potter and the Chamber of Secrets,,J. K. Rowling,Jim Dale,543,2015-11-20,2024-03-08,,book,audible",
].join("\n");
