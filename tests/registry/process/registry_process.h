// A portolan-registry of the test's own: on free ports, in a folder that can outlive it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "portolan/v1/access_service.grpc.pb.h"
#include "portolan/v1/catalog_service.grpc.pb.h"
#include "portolan/v1/fleet_service.grpc.pb.h"
#include "portolan/v1/usage_service.grpc.pb.h"
#include "tests/support/installation.h"

namespace registry {

namespace v1 = portolan::v1;

class RegistryProcess {
 public:
  // `flags` are further ones.
  explicit RegistryProcess(const std::string& data, const std::vector<std::string>& flags = {});

  support::Child& child() { return *child_; }
  const std::string& http() const { return http_; }  // `http://H:P`
  const std::string& grpc() const { return grpc_; }  // `H:P`
  const std::string& admin_token() const { return admin_token_; }
  const std::string& join_token() const { return join_token_; }
  std::shared_ptr<grpc::Channel> Channel() const;

  // `POST /api/portolan.v1.{method}` as JSON; `head` are further header lines.
  support::RawResponse Post(const std::string& method, const std::string& json,
                            const std::string& head = "") const;
  // With the admin token.
  support::RawResponse AdminPost(const std::string& method, const std::string& json) const;
  support::RawResponse Get(const std::string& path, const std::string& head = "") const;

 private:
  std::string http_, grpc_, admin_token_, join_token_;
  std::unique_ptr<support::Child> child_;
};

// `authorization: Bearer TOKEN`, and a deadline that ends a test which would hang.
std::unique_ptr<grpc::ClientContext> With(const std::string& token);

v1::PutRequest HttpServer(const std::string& name);

}  // namespace registry
