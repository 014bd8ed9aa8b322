# A function that syncs every few minutes. Its store is Postgres: what a function writes to disk is gone when it ends.
#   cp lockstep.config.json function/ && (cd function && npm install lockstep)
#   terraform apply
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
  }
}

variable "name" {
  description = "What the function is called."
  type        = string
  default     = "lockstep-planning"
}

variable "schedule" {
  description = "How often it runs."
  type        = string
  default     = "rate(5 minutes)"
}

variable "notion_token" {
  description = "The secret of the Notion connection."
  type        = string
  sensitive   = true
}

variable "github_token" {
  description = "A fine-grained token for the repositories."
  type        = string
  sensitive   = true
}

variable "database_password" {
  description = "Of the store; the configuration has its address without it."
  type        = string
  sensitive   = true
}

variable "marker_key" {
  description = "Signs what is left in issues; at least 16 characters."
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.marker_key) >= 16
    error_message = "At least 16 characters."
  }
}

data "archive_file" "function" {
  type        = "zip"
  source_dir  = "${path.module}/function"
  output_path = "${path.module}/function.zip"
}

resource "aws_iam_role" "function" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.function.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = 30
}

resource "aws_lambda_function" "sync" {
  function_name    = var.name
  role             = aws_iam_role.function.arn
  runtime          = "nodejs24.x"
  handler          = "handler.handler"
  filename         = data.archive_file.function.output_path
  source_code_hash = data.archive_file.function.output_base64sha256
  memory_size      = 512
  timeout          = 300

  # One run at a time; the store's lease would send a second one home anyway.
  reserved_concurrent_executions = 1

  environment {
    variables = {
      NOTION_TOKEN        = var.notion_token
      GITHUB_TOKEN        = var.github_token
      PGPASSWORD          = var.database_password
      LOCKSTEP_MARKER_KEY = var.marker_key
    }
  }

  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy_attachment.logs]
}

resource "aws_cloudwatch_event_rule" "schedule" {
  name                = var.name
  schedule_expression = var.schedule
}

resource "aws_cloudwatch_event_target" "sync" {
  rule = aws_cloudwatch_event_rule.schedule.name
  arn  = aws_lambda_function.sync.arn
}

resource "aws_lambda_permission" "schedule" {
  statement_id  = "AllowSchedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.sync.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.schedule.arn
}
