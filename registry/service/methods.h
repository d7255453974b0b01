// The table of our methods: name, request, response, who may call it, and what answers. gRPC and
// the JSON API are two faces of this one table; nothing is written twice.
//
// Built once by main, constant afterwards. Handlers block (SQLite) and run on the WorkerPool.
#pragma once

#include <google/protobuf/message.h>

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "registry/service/caller.h"

namespace registry {

class Bell;

// The answers of a streaming method, pulled by a face when its peer can take one. One thread at a
// time; may block shortly.
class Stream {
 public:
  virtual ~Stream() = default;
  enum class State {
    kMessage,  // `out` is the next one
    kWait,     // nothing now: `wake` will be called
    kEnd,
  };
  virtual base::Result<State> Next(google::protobuf::Message& out) = 0;
};

// Called from any thread when a waiting stream may have more; never after the stream is destroyed.
using Wake = std::function<void()>;

struct Method {
  std::string service;  // `portolan.v1.CatalogService`
  std::string name;     // `Get`
  Access access = Access::kAdmin;
  const google::protobuf::Message* request = nullptr;  // prototypes
  const google::protobuf::Message* response = nullptr;
  // One of the two is set.
  std::function<base::Result<void>(const Caller&, const google::protobuf::Message&,
                                   google::protobuf::Message&)>
      unary;
  std::function<base::Result<std::unique_ptr<Stream>>(const Caller&,
                                                      const google::protobuf::Message&, Wake)>
      stream;

  // Rings each second, for those who may lose what they were let in with while a stream is open.
  Bell* second = nullptr;
  // Told of each caller that this method does not let, where it is one that writes or asks for a role.
  std::function<void(const Caller&, const base::Error&)> refused;

  // kUnauthenticated or kPermissionDenied at the door.
  base::Result<void> Admit(const Caller& caller) const;
  // `unary`, with a refusal from within told too.
  base::Result<void> Run(const Caller& caller, const google::protobuf::Message& question,
                         google::protobuf::Message& answer) const;

  // `stream`, for as long as the caller is still proven.
  base::Result<std::unique_ptr<Stream>> Open(const Caller& caller,
                                             const google::protobuf::Message& question,
                                             Wake wake) const;

  std::string path() const { return "/" + service + "/" + name; }
};

class Methods {
 public:
  template <class Service, class Request, class Response>
  void Unary(Access access, std::string_view service, std::string_view name, Service& object,
             base::Result<Response> (Service::*handler)(const Caller&, const Request&)) {
    Method& method = Add<Request, Response>(service, name, access);
    method.unary = [&object, handler](const Caller& caller,
                                      const google::protobuf::Message& request,
                                      google::protobuf::Message& response) -> base::Result<void> {
      auto result = (object.*handler)(caller, static_cast<const Request&>(request));
      if (result.has_error()) return result.error();
      static_cast<Response&>(response) = std::move(*result);
      return {};
    };
  }

  template <class Response, class Service, class Request>
  void Streaming(Access access, std::string_view service, std::string_view name, Service& object,
                 base::Result<std::unique_ptr<Stream>> (Service::*handler)(const Caller&,
                                                                           const Request&, Wake)) {
    Method& method = Add<Request, Response>(service, name, access);
    method.stream = [&object, handler](const Caller& caller,
                                       const google::protobuf::Message& request, Wake wake) {
      return (object.*handler)(caller, static_cast<const Request&>(request), std::move(wake));
    };
  }

  // Before they are served, both.
  void EndStreamsWithTheirCallers(Bell& second);
  void OnRefused(
      const std::function<void(const Method&, const Caller&, const base::Error&)>& refused);

  // Null when there is none. `path` is `package.Service/Method`.
  const Method* Find(std::string_view path) const;
  const std::deque<Method>& all() const { return methods_; }

 private:
  template <class Request, class Response>
  Method& Add(std::string_view service, std::string_view name, Access access) {
    Method& method = methods_.emplace_back();
    method.service = "portolan.v1." + std::string(service);
    method.name = name;
    method.access = access;
    method.request = &Request::default_instance();
    method.response = &Response::default_instance();
    return method;
  }

  std::deque<Method> methods_;  // their addresses stay
};

class AccessService;
class AuditService;
class CatalogService;
class FleetService;
class SyncService;
class MaintenanceService;
class UsageService;

// THE table.
Methods AllMethods(CatalogService& catalog, AccessService& access, FleetService& fleet,
                   UsageService& usage, AuditService& audit, SyncService& sync,
                   MaintenanceService& maintenance);

}  // namespace registry
