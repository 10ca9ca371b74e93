# Generated from src/providers/azure/permissions.ts by tools/generate-infra.ts. Do not edit.

terraform {
  required_version = ">= 1.5"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0"
    }
  }
}

variable "name" {
  type        = string
  description = "Name of the identity."
}

variable "resource_group" {
  type        = string
  description = "Name of the resource group in which the identity is made."
}

variable "location" {
  type        = string
  description = "Region."
}

variable "issuer" {
  type        = string
  description = "Issuer of the platform's tokens: of an AKS cluster, its OIDC issuer URL."
}

variable "subject" {
  type        = string
  description = "Subject of the token: system:serviceaccount:NAMESPACE:NAME."
}

resource "azurerm_user_assigned_identity" "this" {
  name                = var.name
  resource_group_name = var.resource_group
  location            = var.location
}

resource "azurerm_federated_identity_credential" "platform" {
  name                = "curfew"
  resource_group_name = var.resource_group
  parent_id           = azurerm_user_assigned_identity.this.id
  issuer              = var.issuer
  subject             = var.subject
  audience            = ["api://AzureADTokenExchange"]
}

output "client_id" {
  value = azurerm_user_assigned_identity.this.client_id
}

output "principal_id" {
  value = azurerm_user_assigned_identity.this.principal_id
}
