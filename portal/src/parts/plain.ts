// Text from a server, for one line of a page: without control characters, and without the marks that reverse the direction
// of what follows (a name could pretend to be another by them).
export const plain = (text: string) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');
