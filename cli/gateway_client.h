// The command line as an MCP client of the gateway: modern Streamable HTTP (2026-07-28), nothing
// but tools/call, and tools/list for what is to be called.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/http/client.h"
#include "base/loop.h"
#include "base/result.h"
#include "cli/exit_code.h"

namespace cli {

struct ToolRequest {
  base::http::Url url;
  std::string tool;
  std::string arguments_json;
  // Credentials, and arguments that the tool wants mirrored in the head.
  std::vector<std::pair<std::string, std::string>> headers;
  // Ask for notifications/progress.
  bool want_progress = false;

  // The whole JSON-RPC message.
  std::string Body(int id) const;
  // That which asks for a page of the tools there are; an empty cursor: the first.
  std::string ListBody(int id, const std::string& cursor) const;
  // All header lines but Host and Content-Length.
  std::vector<std::pair<std::string, std::string>> AllHeaders() const;
};

struct ToolAnswer {
  int http_status = 0;
  std::string request_id;
  // The JSON-RPC response; empty when the answer was none.
  std::string message;
  std::chrono::microseconds took{0};
  // A shorter form of what came when `message` is empty.
  std::string excerpt;
};

class GatewayClient {
 public:
  // `tls` null: the system's CAs are trusted.
  explicit GatewayClient(std::shared_ptr<const base::http::TlsContext> tls = nullptr);
  ~GatewayClient();

  // Calls once; progress is told as it comes.
  using OnProgress = std::function<void(double progress, double total, const std::string& message)>;
  base::Result<ToolAnswer> Call(const ToolRequest& request, OnProgress on_progress);
  // The request's tool as the gateway lists it; empty: it lists none of that name.
  base::Result<std::string> Definition(const ToolRequest& request);
  // Calls `times`, at most `concurrency` at once; each answer as it comes.
  using OnAnswer = std::function<void(const base::Result<ToolAnswer>&)>;
  void CallMany(const ToolRequest& request, int times, int concurrency, const OnAnswer& on_answer);

 private:
  struct Letter {
    const base::http::Url& url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    int id;
  };
  base::Result<ToolAnswer> Ask(Letter letter, const OnProgress& on_progress);
  base::Task<base::Result<ToolAnswer>> Send(Letter letter, const OnProgress& on_progress);
  base::Task<base::Result<void>> ReadAnswer(base::http::ClientExchange& exchange, int id,
                                            ToolAnswer& answer, const OnProgress& on_progress);
  base::Task<void> Work(const ToolRequest& request, int& left, int& running,
                        const OnAnswer& on_answer);

  base::Loop loop_;
  std::unique_ptr<base::http::Client> client_;
};

}  // namespace cli
