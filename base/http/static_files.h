// StaticFiles serves a web site that was compiled into the binary: a table of files, each with its
// bytes plain and already compressed.
//
// Immutable; may be shared by threads. There is no file system behind it: a path is a key of the
// table or it is not, so nothing can be climbed out of. Nothing is copied or compressed while
// serving.
//
// A path that is no file is answered with `/index.html`, since the site routes in the browser. Not
// so below `/assets/`, and for a name with an extension at the top (`/robots.txt`): those are 404.
#pragma once

#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/http/message.h"
#include "base/http/server.h"
#include "base/task.h"

namespace base::http {

// One form of a file's content. The entity tag is strong, so each form has its own.
struct StaticContent {
  std::string_view bytes;
  // With its quotes.
  std::string_view etag;
};

struct StaticFile {
  // `/assets/index-3fA9.js`
  std::string_view path;
  std::string_view content_type;
  // The name changes whenever the content does: a browser may keep it for ever.
  bool immutable = false;
  StaticContent plain;
  // Empty when compression does not pay.
  StaticContent gzip;
  StaticContent brotli;
};

// What is sent: static data only, but for what `head` of the request lends.
struct StaticAnswer {
  int status = 200;
  std::vector<Field> fields;
  std::string_view body;
};

class StaticFiles final : public Service {
 public:
  // REQUIRES: `files` and what they point to outlive this object.
  explicit StaticFiles(std::span<const StaticFile> files);

  // The protocol without a socket: GET and HEAD, the best encoding the client takes, If-None-Match,
  // cache and security headers (a Content-Security-Policy that allows nothing inline and no other
  // origin). For HEAD the body is the one GET would have: the connection leaves it out.
  StaticAnswer Answer(const RequestHead& head) const;

  Task<void> Serve(Exchange& exchange) override;

 private:
  const StaticFile* Find(std::string_view path) const;

  // Constant after construction
  std::unordered_map<std::string_view, const StaticFile*> files_;
};

}  // namespace base::http
