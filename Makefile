.PHONY: run test check build full lab console generate train bench lambda aws-test

run: ## get what is missing, build, start the demo
	@scripts/run.sh

test: ## get what the tests need and run them
	@scripts/test.sh

check: ## the whole gate: format, vet, staticcheck, tests, race on changed packages
	@scripts/check.sh

build:
	@scripts/build.sh

full: ## with DuckDB for SQL: needs a C++ compiler
	@scripts/build.sh full

lambda: ## the AWS Lambda function, a zip for each architecture
	@scripts/lambda.sh

aws-test: ## Amazon's whole Guidance without AWS: bucket, event, function, Textract, FHIR, Parquet, SQL, board
	@scripts/aws-test.sh

lab: ## everything: full corpora, crashes, power cuts, bare systems; results in docs/performance
	@scripts/lab.sh

console: ## rebuild the embedded web bundle (needs Node 20.19 or newer)
	@scripts/console.sh

generate: ## regenerate embedded data from its sources
	go generate ./...

train: ## train the tagger of clinical text from the development sets (a minute)
	go run ./eval/clinical/train
