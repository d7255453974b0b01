// A FakeHandler answers calls by a function, and remembers what it was asked.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "mcp/handler.h"

namespace support {

class FakeHandler final : public mcp::Handler {
 public:
  using Function = std::function<base::Task<mcp::Response>(mcp::Call& call)>;

  explicit FakeHandler(Function function) : function_(std::move(function)) {}
  // Answers each request with the same result.
  static FakeHandler WithResult(std::string result);

  base::Task<mcp::Response> Handle(mcp::Call& call) override {
    methods.emplace_back(call.method);
    items.emplace_back(call.item);
    sessions.emplace_back(call.session);
    revisions.push_back(call.revision);
    co_return co_await function_(call);
  }

  std::vector<std::string> methods;
  std::vector<std::string> items;
  std::vector<std::string> sessions;
  std::vector<mcp::Revision> revisions;

 private:
  Function function_;
};

// {"jsonrpc":"2.0","id":ID,"result":RESULT}
inline std::string ResultMessage(const mcp::Call& call, std::string_view result) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out += call.id();
  out += ",\"result\":";
  out += result;
  return out + "}";
}

inline FakeHandler FakeHandler::WithResult(std::string result) {
  return FakeHandler([result = std::move(result)](mcp::Call& call) -> base::Task<mcp::Response> {
    co_return call.is_request() ? mcp::Response::Message(ResultMessage(call, result))
                                : mcp::Response::Accepted();
  });
}

}  // namespace support
