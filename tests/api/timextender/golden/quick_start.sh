curl https://acme.odq.timextender.com/api/v0/orchestration/workspaces \
-H "X-API-Key: txk_your_key_here"
curl "https://acme.odq.timextender.com/api/v0/orchestration/finance/tasks?limit=50" \
-H "X-API-Key: txk_your_key_here"
curl "https://acme.odq.timextender.com/api/v0/orchestration/finance/executions" \
-H "X-API-Key: txk_your_key_here"
curl "https://acme.odq.timextender.com/api/v0/orchestration/finance/tasks/Package/1005/executions?limit=10" \
-H "X-API-Key: txk_your_key_here"
curl "https://acme.odq.timextender.com/api/v0/orchestration/finance/tasks/Package/1005/executions/97105/log" \
-H "X-API-Key: txk_your_key_here"
curl -X POST "https://acme.odq.timextender.com/api/v0/orchestration/finance/tasks/Package/1005/trigger" \
-H "X-API-Key: txk_your_key_here" \
-H "Content-Type: application/json" \
-d '{"uat": "Production"}'
curl -X POST "https://acme.odq.timextender.com/api/v0/orchestration/finance/process-maps/42/trigger" \
-H "X-API-Key: txk_your_key_here" \
-H "Content-Type: application/json" \
-d '{"uat": "Production"}'
curl "https://acme.odq.timextender.com/api/v0/orchestration/finance/tasks?limit=25&offset=0" -H "X-API-Key: txk_your_key_here"
curl "https://acme.odq.timextender.com/api/v0/orchestration/finance/tasks?limit=25&offset=25" -H "X-API-Key: txk_your_key_here"
curl "https://acme.odq.timextender.com/api/v0/orchestration/finance/tasks?limit=25&offset=50" -H "X-API-Key: txk_your_key_here"
